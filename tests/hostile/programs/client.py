"""The legitimate client, on libzmq: ``client.py ENDPOINT KIND``.

Asks for round trips on one connection all the time, and now and then on a new one, whose
handshake counts; with a PUB it waits for news in place of asking. Each line on standard input is
answered with the figures so far, as JSON: ``report``; ``reset``, after which they begin anew;
``steady`` and ``busy``, without and with new connections from then on. The end of the input ends
it.
"""

import json
import select
import sys
import time

import zmq as libzmq

PAUSE_S = 0.002
NEW_EVERY = 5
PATIENCE_MS = 5000
BODY = b"legitimate" * 6


class Figures:
    """How long it took, in milliseconds, and what went wrong."""

    def __init__(self) -> None:
        self.trips: list[float] = []
        self.handshakes: list[float] = []
        self.errors: list[str] = []

    def report(self) -> dict[str, object]:
        """Return what is to be reported."""
        return {
            "trips": len(self.trips),
            "handshakes": len(self.handshakes),
            "errors": self.errors,
            "trip_ms": spread(self.trips),
            "handshake_ms": spread(self.handshakes),
        }


def spread(values: list[float]) -> list[float]:
    """Return the median, the 99th percentile and the maximum."""
    if not values:
        return [0.0, 0.0, 0.0]
    ordered = sorted(values)
    return [
        round(ordered[min(int(len(ordered) * part), len(ordered) - 1)], 2)
        for part in (0.5, 0.99, 1.0)
    ]


class Client:
    """Sockets of one context."""

    def __init__(self, endpoint: str, kind: str) -> None:
        self.context = libzmq.Context()
        self.endpoint = endpoint
        self.listens = kind == "PUB"
        self.figures = Figures()
        self.steady = self.connect()

    def connect(self) -> "libzmq.Socket[bytes]":
        """Return a new connection's socket."""
        socket = self.context.socket(libzmq.SUB if self.listens else libzmq.REQ)
        if self.listens:
            socket.setsockopt(libzmq.SUBSCRIBE, b"news")
        for option in (libzmq.RCVTIMEO, libzmq.SNDTIMEO):
            socket.setsockopt(option, PATIENCE_MS)
        socket.setsockopt(libzmq.LINGER, 0)
        socket.connect(self.endpoint)
        return socket

    def ask(self, socket: "libzmq.Socket[bytes]") -> None:
        """Do one round trip, or wait for the next news."""
        if self.listens:
            socket.recv()
            return
        socket.send(BODY)
        reply = socket.recv()
        if reply != BODY:
            self.figures.errors.append(f"a wrong reply of {len(reply)} bytes")

    def ask_steady(self) -> None:
        """Do a round trip on the kept connection; a new one follows an error."""
        start = time.monotonic()
        try:
            self.ask(self.steady)
            self.figures.trips.append((time.monotonic() - start) * 1000)
        except libzmq.ZMQError as error:
            self.figures.errors.append(str(error))
            self.steady.close()
            self.steady = self.connect()

    def ask_anew(self) -> None:
        """Do a round trip on a new connection."""
        start = time.monotonic()
        with self.connect() as socket:
            try:
                self.ask(socket)
                self.figures.handshakes.append((time.monotonic() - start) * 1000)
            except libzmq.ZMQError as error:
                self.figures.errors.append(f"on a new connection: {error}")


def main() -> None:
    """Ask until the input ends."""
    client = Client(*sys.argv[1:])
    anew, turn = True, 0
    while True:
        turn += 1
        client.ask_steady()
        if anew and turn % NEW_EVERY == 0:
            client.ask_anew()
        if not select.select([sys.stdin], [], [], 0 if client.listens else PAUSE_S)[0]:
            continue
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(client.figures.report()), flush=True)
        word = line.strip()
        anew = word == "busy" or (anew and word != "steady")
        if word == "reset":
            client.figures = Figures()


if __name__ == "__main__":
    main()
