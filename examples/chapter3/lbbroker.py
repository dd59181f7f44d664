"""A load-balancing broker: clients ask, and the worker that has been idle for longest answers.

    python examples/chapter3/lbbroker.py [FRONTEND BACKEND] [--clients 10] [--workers 3] [--trace]

Clients and workers are REQ sockets. A worker says READY, as a request; its tasks come as replies.
The broker reads requests only while a worker is idle: the others wait in the frontend's queues,
which hold fast clients back. It ends when every client has its reply. ``--trace`` shows the frames
of every message at each of the broker's sockets.

The Guide's text speaks of the last used worker; its C program, and this one, take the least
recently used. READY is a message of exactly that one frame behind the envelope, so that no client's
id and no answer can be taken for it.
"""

import argparse
import threading
from collections import deque

from antiphon import dump, zmq


def client(context: zmq.Context, endpoint: str, name: bytes) -> None:
    """Send one request and print the reply."""
    with context.socket(zmq.REQ, identity=name) as socket:
        socket.connect(endpoint)
        socket.send_string("HELLO")
        print(f"Client: {socket.recv_string()}\n", end="")


def worker(context: zmq.Context, endpoint: str, name: bytes) -> None:
    """Answer requests until the context ends."""
    with context.socket(zmq.REQ, identity=name) as socket:
        socket.connect(endpoint)
        socket.send_string("READY")
        try:
            while True:
                address, empty, request = socket.recv_multipart()
                print(f"Worker: {request.decode()}\n", end="")
                socket.send_multipart([address, empty, b"OK"])
        except zmq.ContextTerminated:
            pass


def broker(frontend: zmq.Socket, backend: zmq.Socket, replies: int, trace: bool) -> None:
    """Balance the load until so many replies have gone to clients."""

    def show(what: str, frames: list[bytes]) -> None:
        if trace:
            print(f"{what}\n{dump(frames, '    ')}\n", end="")

    idle: deque[bytes] = deque()
    poller = zmq.Poller()
    poller.register(backend, zmq.POLLIN)
    while replies:
        ready = dict(poller.poll())

        if backend in ready:
            message = backend.recv_multipart()
            show("backend in", message)
            name, _empty, *answer = message
            if not idle:
                poller.register(frontend, zmq.POLLIN)
            idle.append(name)
            if answer != [b"READY"]:
                show("frontend out", answer)
                frontend.send_multipart(answer)
                replies -= 1

        if frontend in ready:
            message = frontend.recv_multipart()
            show("frontend in", message)
            task = [idle.popleft(), b"", *message]
            if not idle:
                poller.unregister(frontend)
            show("backend out", task)
            backend.send_multipart(task)


def main() -> None:
    """Start clients, workers and the broker in one process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("frontend", nargs="?", default="ipc://frontend.ipc")
    parser.add_argument("backend", nargs="?", default="ipc://backend.ipc")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--trace", action="store_true")
    args = parser.parse_args()
    threads: list[threading.Thread] = []
    with zmq.Context() as context:
        frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
        frontend.bind(args.frontend)
        backend.bind(args.backend)
        for kind, name, socket, count in (
            (client, "CLIENT", frontend, args.clients),
            (worker, "WORKER", backend, args.workers),
        ):
            endpoint = socket.last_endpoint.decode()
            for number in range(count):
                thread_args = (context, endpoint, b"%s-%d" % (name.encode(), number))
                threads.append(threading.Thread(target=kind, args=thread_args))
                threads[-1].start()
        broker(frontend, backend, args.clients, args.trace)
        for thread in threads[: args.clients]:
            thread.join()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
