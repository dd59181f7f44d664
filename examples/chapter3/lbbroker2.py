"""The load-balancing broker once more, with messages instead of frames.

    python examples/chapter3/lbbroker2.py [FRONTEND BACKEND] [--clients 10] [--workers 3]

What lbbroker.py does, and how much shorter: a worker is three statements, and the broker says
unwrap, wrap and send. Ctrl-C ends it at any time: the end of the context ends the threads.

The Guide's Python program of this name takes the most recently used worker and polls the frontend
all the time, so that it spins while no worker is idle; this one does as lbbroker.py does.
"""

import argparse
from collections import deque

from antiphon import Actor, Message, Pipe, zmq

READY = Message("READY")


def client(pipe: Pipe, endpoint: str) -> None:
    """Send one request and print the reply."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        Message("HELLO").send(socket)
        print(f"Client: {Message.recv(socket).text()}\n", end="")


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


def broker(frontend: zmq.Socket, backend: zmq.Socket, replies: int) -> None:
    """Balance the load until so many replies have gone to clients."""
    idle: deque[bytes] = deque()
    while replies:
        poller = zmq.Poller()
        poller.register(backend, zmq.POLLIN)
        if idle:
            poller.register(frontend, zmq.POLLIN)
        ready = dict(poller.poll())

        if backend in ready:
            message = Message.recv(backend)
            idle.append(message.unwrap())
            if message != READY:
                message.send(frontend)
                replies -= 1

        if frontend in ready:
            message = Message.recv(frontend)
            message.wrap(idle.popleft())
            message.send(backend)


def run(args: argparse.Namespace) -> None:
    """Start clients, workers and the broker in one process."""
    with zmq.Context() as context:
        context.linger = 1000
        frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
        frontend.bind(args.frontend)
        backend.bind(args.backend)
        for _ in range(args.workers):
            Actor(context, worker, backend.last_endpoint.decode())
        clients = [
            Actor(context, client, frontend.last_endpoint.decode()) for _ in range(args.clients)
        ]
        broker(frontend, backend, args.clients)
        for actor in clients:
            actor.close()


def main() -> None:
    """Run until all clients have their replies, or until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frontend", nargs="?", default="ipc://frontend.ipc")
    parser.add_argument("backend", nargs="?", default="ipc://backend.ipc")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    try:
        run(parser.parse_args())
    except KeyboardInterrupt:
        print("Interrupted")


if __name__ == "__main__":
    main()
