"""What a ROUTER does with messages for a peer that it does not know, and for one that is busy.

    python examples/chapter3/router_errors.py [ENDPOINT]

By default it drops them: sending succeeds, and only a counter and an instrument tell. With
ROUTER_MANDATORY sending fails, and the socket can still be used.
"""

import sys

from antiphon import dump, zmq


class Watcher(zmq.Instrument):
    """Prints what a socket drops."""

    def happened(self, event: zmq.SocketEvent) -> None:
        """Print a message that was dropped."""
        if event.name == "MESSAGE_DROPPED":
            print(f"  dropped, {event.reason}:")
            print(dump(event.message, "    "))


def main() -> None:
    """Send to peers that are absent, present, and too slow."""
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5671"
    with (
        zmq.Context() as context,
        context.socket(zmq.ROUTER) as router,
        context.socket(zmq.DEALER) as peer,
    ):
        router.add_instrument(Watcher())
        router.sndhwm = peer.rcvhwm = 1
        router.bind(endpoint)

        print("By default, for a peer that is not there:")
        router.send_multipart([b"NOBODY", b"Hello"])
        print(f"  counted: {router.stats().drops}")

        print("Mandatory, for a peer that is not there:")
        router.router_mandatory = True
        try:
            router.send_multipart([b"NOBODY", b"Hello"])
        except zmq.HostUnreachable as error:
            print(f"  {type(error).__name__}: {error}")

        print("Mandatory, for a peer that is there:")
        peer.identity = b"PEER"
        peer.connect(router.last_endpoint)
        peer.send(b"I am here")
        router.recv_multipart()
        router.send_multipart([b"PEER", b"Hello"])
        print(f"  {peer.recv().decode()}")

        print("Mandatory, for a peer that reads nothing:")
        router.sndtimeo = 100
        try:
            while True:
                router.send_multipart([b"PEER", bytes(1_000_000)])
        except zmq.Again as error:
            print(f"  {type(error).__name__}: {error}")

        print("At the end, what that peer has not taken:")
        context.destroy(linger=0)


if __name__ == "__main__":
    main()
