"""The server under attack: ``server.py KIND [OPTION=NUMBER ...] [NOFILE=NUMBER] [SIZE=BYTES]``.

Prints its endpoint, and that of a DEALER from which nobody receives. A ROUTER or REP answers each
message with itself; a PUB publishes ``news`` of SIZE bytes a thousand times a second. Each line on
standard input is answered with what the process knows of itself, as JSON, after ``drain`` once the
DEALER has been emptied; the end of the input ends it.
"""

import ctypes
import gc
import json
import resource
import sys
import threading
import time
from collections import Counter

import antiphon.zmq as zmq

#: What a connection consists of: none of it may outlive the connection.
PARTS = ("Link", "Pipe", "Connection", "FrameDecoder", "SocketStream", "Heartbeat")
WAIT_MS = 1000
DRAIN_MS = 100


def echo(socket: zmq.Socket) -> None:
    """Send back whatever comes."""
    while True:
        try:
            socket.send_multipart(socket.recv_multipart())
        except zmq.Again:
            continue
        except (zmq.ContextTerminated, zmq.SocketClosed):
            return


def publish(socket: zmq.Socket, news: bytes) -> None:
    """Publish all the time, each time another object: one that all share takes no room."""
    while not socket.closed:
        socket.send(b"%b" % news)
        time.sleep(0.001)


def trim() -> None:
    """Give back what the C library keeps for later: measured is what is in use."""
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)


def describe(socket: zmq.Socket) -> dict[str, object]:
    """Return what is to be reported."""
    gc.collect()
    trim()
    stats = socket.stats()
    counted = Counter(type(thing).__name__ for thing in gc.get_objects())
    return {
        "failures": stats.failures,
        "drops": stats.drops,
        "peers": len(socket.peers()),
        "objects": {name: counted[name] for name in PARTS},
    }


def main() -> None:
    """Serve until the input ends."""
    kind, *settings = sys.argv[1:]
    options = {name: int(value) for name, _, value in (text.partition("=") for text in settings)}
    news = b"news".ljust(options.pop("SIZE", 4), b".")
    limit = options.pop("NOFILE", 0)
    if limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    context = zmq.Context()
    socket = context.socket(getattr(zmq, kind))
    for name, value in (options | {"LINGER": 0}).items():
        setattr(socket, name.lower(), value)
    if kind in ("ROUTER", "REP"):
        socket.rcvtimeo = WAIT_MS
    endpoint = socket.bind("tcp://127.0.0.1:*").addr
    work = (publish, [socket, news]) if kind == "PUB" else (echo, [socket])
    threading.Thread(target=work[0], args=work[1], daemon=True).start()
    idle = context.socket(zmq.DEALER)
    idle.linger = 0
    print(endpoint, idle.bind("tcp://127.0.0.1:*").addr, flush=True)
    for line in sys.stdin:
        while line.strip() == "drain" and idle.poll(DRAIN_MS):
            idle.recv_multipart()
        print(json.dumps(describe(socket)), flush=True)
    context.destroy()


if __name__ == "__main__":
    main()
