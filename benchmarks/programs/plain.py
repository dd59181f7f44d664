"""The floor: plain blocking TCP sockets, and no protocol but that both sides know the size.

usage: plain echo server SIZE | plain echo client HOST:PORT REQUESTS SIZE
       plain push server SIZE | plain push client HOST:PORT MESSAGES SIZE
"""

import socket
import sys
import time

from benchmarks.programs.common import report, time_round_trips, used


def take(connection: socket.socket, size: int) -> bytes | bytearray:
    """Return ``size`` bytes; raises EOFError if the peer has ended."""
    data = connection.recv(size)
    if len(data) == size:
        return data
    whole = bytearray(size)
    whole[: len(data)] = data
    filled = len(data)
    view = memoryview(whole)
    while filled < size:
        count = connection.recv_into(view[filled:])
        if not count:
            raise EOFError
        filled += count
    return whole


def serve(what: str, size: int) -> None:
    """Answer one peer, or send to it without end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"127.0.0.1:{listener.getsockname()[1]}", flush=True)
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = b"x" * size
    try:
        while True:
            connection.sendall(take(connection, size) if what == "echo" else body)
    except (EOFError, OSError):
        return


def ask(connection: socket.socket, requests: int, size: int) -> None:
    """Send one request after the other and print how long a round trip takes."""
    body = b"x" * size

    def once() -> None:
        connection.sendall(body)
        take(connection, size)

    time_round_trips(once, requests)


def count(connection: socket.socket, messages: int, size: int) -> None:
    """Take as many messages and print how many come per second."""
    for _ in range(max(messages // 10, 1)):
        take(connection, size)
    before, start = used(), time.perf_counter()
    for _ in range(messages):
        take(connection, size)
    report(start, before, messages)


def connected(address: str) -> socket.socket:
    """Return a connection to ``address``."""
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


if __name__ == "__main__":
    kind, role, *rest = sys.argv[1:]
    if role == "server":
        serve(kind, int(rest[0]))
    else:
        client = ask if kind == "echo" else count
        client(connected(rest[0]), int(rest[1]), int(rest[2]))
