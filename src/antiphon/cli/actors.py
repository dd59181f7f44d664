"""The demo's workers and clients: programs on antiphon.zmq as a user would write them.

usage: actors.py worker NAME ENDPOINT MILLISECONDS | client NAME ENDPOINT REQUESTS
"""

import json
import sys
import time

from antiphon import zmq

__all__ = ("ask", "main", "say", "text", "work")

_PATIENCE_MS = 30_000


def say(**what: object) -> None:
    """Print a line of JSON for whoever has started this program."""
    print(json.dumps(what), flush=True)


def text(frames: list[bytes]) -> list[str]:
    """Return frames as text; here all of them are, but for generated ids."""
    return [frame.decode("ascii", "replace") for frame in frames]


def work(name: str, endpoint: str, milliseconds: int) -> None:
    """Announce READY, then answer requests for as long as there are any."""
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.routing_id = name.encode()
        socket.connect(endpoint)
        socket.send(b"READY")
        while True:
            client, empty, body = socket.recv_multipart()
            if name == "WORKER":
                say(hop="worker gets", frames=text([client, empty, body]))
            time.sleep(milliseconds / 1000)
            socket.send_multipart([client, empty, b"OK " + name.encode()])


def ask(name: str, endpoint: str, requests: int) -> None:
    """Send requests one after the other and report how long each took."""
    served: dict[str, int] = {}
    latencies: list[float] = []
    with zmq.Context() as context, context.socket(zmq.REQ, linger=0) as socket:
        socket.routing_id = name.encode()
        socket.rcvtimeo = _PATIENCE_MS
        socket.connect(endpoint)
        for number in range(1, requests + 1):
            begin = time.perf_counter()
            socket.send(b"Hello")
            try:
                reply = socket.recv()
            except zmq.Again:
                break
            latencies.append((time.perf_counter() - begin) * 1000)
            worker = reply.decode().removeprefix("OK ")
            served[worker] = served.get(worker, 0) + 1
            if name == "CLIENT":
                say(hop="client sends", frames=["Hello"])
                say(hop="client gets", frames=text([reply]))
            if number % 10 == 0:
                say(done=number)
    say(done=len(latencies), latencies=latencies, served=served)


def main() -> None:
    """Play the part that the arguments name."""
    role, name, endpoint, argument = sys.argv[1:]
    try:
        (work if role == "worker" else ask)(name, endpoint, int(argument))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
