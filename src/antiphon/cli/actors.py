"""The demo's workers and clients: programs on antiphon.zmq as a user would write them.

usage: actors.py worker NAME ENDPOINT MILLISECONDS
       actors.py client NAME ENDPOINT REQUESTS
       actors.py broker NAME OPTION... (as ``antiphon broker``)

Each ends by itself at the end of its stdin: whoever has started it has gone.
"""

import json
import os
import sys
import threading
import time

from antiphon import zmq

__all__ = ("ask", "follow_parent", "main", "say", "text", "work")

_PATIENCE_MS = 30_000


def follow_parent() -> None:
    """End this process, from another thread, as soon as its stdin ends."""

    def wait() -> None:
        # Not sys.stdin: a thread that holds its lock is a fatal error when the process exits.
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


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
    step = min(max(requests // 50, 1), 10)
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
            if number % step == 0:
                say(done=number)
    say(done=len(latencies), latencies=latencies, served=served)


def main() -> None:
    """Play the part that the arguments name."""
    role, name, *arguments = sys.argv[1:]
    follow_parent()
    if role == "broker":
        # Workers and clients start faster without it.
        from antiphon.cli.commands import run

        run(["broker", *arguments])
    endpoint, number = arguments
    try:
        (work if role == "worker" else ask)(name, endpoint, int(number))
    except BrokenPipeError:
        # Nobody listens any more. The interpreter's own exit would try to print what is left.
        os._exit(1)


if __name__ == "__main__":
    main()
