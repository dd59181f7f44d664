"""Many DEALER peers of one ROUTER, as plain TCP sockets that know ZMTP 3.0's bytes.

usage: crowd ENDPOINT PEERS REQUESTS PID

Prints what each idle peer adds to the memory of process PID, and what each request costs it: the
peers ask in turn, ten at a time, however many there are.
"""

import json
import os
import resource
import socket
import sys
import time
from itertools import cycle, islice

import psutil

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_PROPERTIES = b"\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x00"
_READY = b"\x04" + bytes([6 + len(_PROPERTIES)]) + b"\x05READY" + _PROPERTIES
#: What each peer says first.
HANDSHAKE = _GREETING + _READY
_REQUEST = b"\x01\x00\x00\x10" + b"x" * 16
_TOGETHER = 10
_FIRST = 100
_QUIET = 1.0
_WARM_UP = 1000


def take(peer: socket.socket, size: int) -> bytes:
    """Return the next ``size`` bytes."""
    data = peer.recv(size, socket.MSG_WAITALL)
    if len(data) < size:
        raise SystemExit("the ROUTER has closed a connection")
    return data


def connect(address: tuple[str, int], count: int) -> list[socket.socket]:
    """Return as many peers whose handshake is over."""
    peers: list[socket.socket] = []
    while len(peers) < count:
        some = [socket.create_connection(address) for _ in range(min(_TOGETHER, count))]
        for peer in some:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.sendall(HANDSHAKE)
        for peer in some:
            take(peer, len(_GREETING))
            take(peer, take(peer, 2)[1])
        peers += some
    return peers


def ask(peers: list[socket.socket], requests: int) -> None:
    """Let peers ask in turn, ten at a time."""
    turns = cycle(peers)
    for _ in range(requests // _TOGETHER):
        some = list(islice(turns, _TOGETHER))
        for peer in some:
            peer.sendall(_REQUEST)
        for peer in some:
            take(peer, len(_REQUEST))


def main(endpoint: str, count: int, requests: int, pid: int) -> None:
    """Connect, measure what the peers take, ask, and measure what that costs."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if limit < count + _FIRST:
        raise SystemExit(f"{count} peers need as many open files; {limit} are allowed")
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    address = host, int(port)
    server = psutil.Process(pid)
    figures = {}
    peers = connect(address, min(count, _FIRST))
    ask(peers, _WARM_UP)
    time.sleep(_QUIET)
    before = server.memory_info().rss
    if count > len(peers):
        first = len(peers)
        peers += connect(address, count - first)
        time.sleep(_QUIET)
        figures["kib"] = (server.memory_info().rss - before) / 1024 / (count - first)
    ask(peers, max(count, _WARM_UP))
    used = sum(server.cpu_times()[:2])
    start = time.perf_counter()
    ask(peers, requests)
    figures["rate"] = requests / (time.perf_counter() - start)
    figures["cpu_us"] = (sum(server.cpu_times()[:2]) - used) * 1e6 / requests
    print(json.dumps(figures), flush=True)
    os._exit(0)  # as the end of the process closes the connections, too, and at once


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
