"""The floor of a ROUTER: a server that sends back whatever its peers send, after the handshake.

usage: plain_router

It knows no more of the protocol than how many bytes a handshake has. Prints its endpoint.
"""

import os
import resource
import select
import socket

from benchmarks.programs.crowd import HANDSHAKE

_MAX_READ = 4096


class Server:
    """All connections of one listener, and how much of the handshake each has still to send."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.poller = select.epoll()
        self.poller.register(listener.fileno(), select.EPOLLIN)
        self.connections: dict[int, socket.socket] = {}
        self.missing: dict[int, int] = {}

    def accept(self) -> None:
        """Take in one more peer, and say what one says to it."""
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(HANDSHAKE)
        fd = connection.fileno()
        self.connections[fd] = connection
        self.missing[fd] = len(HANDSHAKE)
        self.poller.register(fd, select.EPOLLIN)

    def answer(self, fd: int) -> None:
        """Send back what a peer has sent; forget it if it has gone."""
        data = os.read(fd, _MAX_READ)
        if not data:
            self.poller.unregister(fd)
            self.connections.pop(fd).close()
            return
        missing = self.missing[fd]
        if missing:
            self.missing[fd] = max(missing - len(data), 0)
            data = data[missing:]
        if data:
            os.write(fd, data)

    def serve(self) -> None:
        """Answer without end."""
        while True:
            for fd, _ in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                else:
                    self.answer(fd)


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        print(f"tcp://127.0.0.1:{server.getsockname()[1]}", flush=True)
        Server(server).serve()
