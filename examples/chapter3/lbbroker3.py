"""The load-balancing broker a third time, on a loop that calls handlers.

    python examples/chapter3/lbbroker3.py [FRONTEND BACKEND] [--clients 10] [--workers 3]
                                          [--interval 1] [--seconds 0]

The backend always has a reader, the frontend only while a worker is idle. Clients ask once in an
interval, for ever. Ctrl-C ends it, or a timer after some seconds; 0 means never. READY is one byte
here.

The Guide's Python program of this name takes the most recently used worker; this one, like the C
program, takes the least recently used.
"""

import argparse
from collections import deque

from antiphon import Actor, Ended, Loop, Message, Pipe, zmq
from antiphon.loop import Reader

READY = Message(b"\x01")


def client(pipe: Pipe, endpoint: str, interval: float) -> None:
    """Send requests and print the replies, until the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        while True:
            Message("HELLO").send(socket)
            print(f"Client: {Message.recv(socket).text()}\n", end="")
            pipe.poll(1000 * interval)


def worker(pipe: Pipe, endpoint: str) -> None:
    """Answer requests until the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        READY.send(socket)
        while True:
            message = Message.recv(socket)
            message[-1] = "OK"
            message.send(socket)


class Broker:
    """Two sockets, the idle workers, and a handler for each socket."""

    def __init__(self, loop: Loop, frontend: zmq.Socket, backend: zmq.Socket) -> None:
        self.loop = loop
        self.frontend = frontend
        self.backend = backend
        self.idle: deque[bytes] = deque()
        self.frontend_reader: Reader | None = None
        loop.reader(backend, self.from_worker)

    def from_worker(self) -> None:
        """Note that a worker is idle, and pass on what it answers."""
        message = Message.recv(self.backend)
        self.idle.append(message.unwrap())
        if self.frontend_reader is None:
            self.frontend_reader = self.loop.reader(self.frontend, self.from_client)
        if message != READY:
            message.send(self.frontend)

    def from_client(self) -> None:
        """Give a request to the worker that has been idle for longest."""
        message = Message.recv(self.frontend)
        message.wrap(self.idle.popleft())
        message.send(self.backend)
        if not self.idle and self.frontend_reader is not None:
            self.loop.cancel(self.frontend_reader)
            self.frontend_reader = None


def main() -> None:
    """Start clients, workers and the broker in one process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frontend", nargs="?", default="ipc://frontend.ipc")
    parser.add_argument("backend", nargs="?", default="ipc://backend.ipc")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between requests")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long it runs")
    args = parser.parse_args()
    try:
        run(args)
    except KeyboardInterrupt:
        # Before the loop, which notices by itself.
        print(f"The end: {Ended.INTERRUPTED.value}\n", end="")


def run(args: argparse.Namespace) -> None:
    """Run until it is stopped, and say by what."""
    with zmq.Context() as context:
        context.linger = 1000
        frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
        frontend.bind(args.frontend)
        backend.bind(args.backend)
        for _ in range(args.workers):
            Actor(context, worker, backend.last_endpoint.decode())
        for _ in range(args.clients):
            Actor(context, client, frontend.last_endpoint.decode(), args.interval)
        loop = Loop()
        Broker(loop, frontend, backend)
        if args.seconds:
            loop.after(1000 * args.seconds, loop.stop)
        print(f"The end: {loop.run().value}\n", end="")


if __name__ == "__main__":
    main()
