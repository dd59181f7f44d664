"""The peer: the Guide's load-balancing broker on pyzmq, reading as long as there is something.

usage: lbbroker_pyzmq.py FRONTEND BACKEND
"""

import sys
from collections import deque

import zmq


def main(frontend_endpoint: str, backend_endpoint: str) -> None:
    """Pass requests to idle workers and replies to clients."""
    context = zmq.Context()
    frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
    for socket, endpoint in ((frontend, frontend_endpoint), (backend, backend_endpoint)):
        socket.set_hwm(0)
        socket.bind(endpoint)
    clients = zmq.Poller()
    clients.register(backend, zmq.POLLIN)
    clients.register(frontend, zmq.POLLIN)
    workers = zmq.Poller()
    workers.register(backend, zmq.POLLIN)
    idle: deque[bytes] = deque()
    while True:
        ready = dict((clients if idle else workers).poll())
        if backend in ready:
            from_workers(frontend, backend, idle)
        if frontend in ready:
            from_clients(frontend, backend, idle)


def from_workers(
    frontend: zmq.Socket[bytes], backend: zmq.Socket[bytes], idle: deque[bytes]
) -> None:
    """Read workers: each is idle from now on, and all but READY is a reply."""
    while True:
        try:
            worker, _, *rest = backend.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return
        idle.append(worker)
        if len(rest) > 1:
            frontend.send_multipart(rest)


def from_clients(
    frontend: zmq.Socket[bytes], backend: zmq.Socket[bytes], idle: deque[bytes]
) -> None:
    """Read clients for as long as there are idle workers."""
    while idle:
        try:
            request = frontend.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return
        backend.send_multipart([idle.popleft(), b"", *request])


if __name__ == "__main__":
    main(*sys.argv[1:])
