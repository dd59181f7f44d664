"""Brokers that tell each other how many of their workers are free: the state flow.

    python examples/chapter3/peering1.py DC1 DC2 DC3     and likewise, in two more terminals,
    python examples/chapter3/peering1.py DC2 DC1 DC3     DC2 and DC3

The first name is this broker's, the others its peers'; a name may be given as DC1=host:port. Each
broker publishes, and subscribes to all others. It speaks only when it has heard nothing for
``--interval`` seconds: if every message heard made a message sent, they would never end. Numbers
are made up here. The name goes into the message as it is, in two frames, as in the Guide's C
program (its Python program sends the endpoint).
"""

import argparse
import random
import time

from peering import Place

from antiphon import zmq


def run(me: Place, peers: list[Place], interval: float, seconds: float) -> None:
    """Publish and listen, for some seconds or for ever (0)."""
    end = time.monotonic() + (seconds or float("inf"))
    print(f"I: preparing broker at {me.name}...", flush=True)
    with zmq.Context() as context:
        context.linger = 0
        statebe, statefe = context.socket(zmq.PUB), context.socket(zmq.SUB)
        statebe.bind(me.endpoint("state"))
        statefe.subscribe(b"")
        for peer in peers:
            print(f"I: connecting to state backend at '{peer.name}'", flush=True)
            statefe.connect(peer.endpoint("state"))
        while time.monotonic() < end:
            if statefe.poll(1000 * interval):
                name, free = statefe.recv_multipart()
                print(f"{name.decode()} - {free.decode()} workers free\n", end="", flush=True)
            else:
                statebe.send_multipart([me.id, b"%d" % random.randrange(10)])


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=0.0)
    args = parser.parse_args()
    if not args.names:
        print("syntax: peering1 me {you}...")
        return
    me, *peers = map(Place, args.names)
    try:
        run(me, peers, args.interval, args.seconds)
    except KeyboardInterrupt:
        print("Interrupted")


if __name__ == "__main__":
    main()
