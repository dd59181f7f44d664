"""What the attacks are made of: a server in a process of its own, a crowd of raw peers, figures."""

import errno
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.waiting import PATIENCE_S, until

__all__ = ("LONG", "MIB", "PATIENCE_S", "Client", "Crowd", "Server", "Watch", "until")

#: Whether the whole figures are wanted; they take minutes.
LONG = bool(os.environ.get("ANTIPHON_LONG"))
#: How many new connections the client makes before an attack, to compare with.
QUIET_HANDSHAKES = 6
MIB = 1 << 20
#: What memory may differ by before and after; the allocator keeps as much.
SLACK = (4 if LONG else 2) * MIB
#: Less than what the server lets one address have in its handshake.
PER_SOURCE = 32
_PROGRAMS = Path(__file__).parent / "programs"


class _Child:
    """A program that answers lines with JSON."""

    def __init__(self, program: str, *arguments: str) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, str(_PROGRAMS / program), *arguments]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.watched = psutil.Process(self.process.pid)

    def line(self) -> str:
        """Return the next line that the program prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.__exit__(None, None, None)
            raise AssertionError(f"{self.process.args!r} ended: what it said is above")
        return line

    def ask(self, word: str = "report") -> dict[str, Any]:
        """Return what the program reports."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        reported: dict[str, Any] = json.loads(self.line())
        return reported

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()


class Server(_Child):
    """The server under attack; see programs/server.py."""

    def __init__(self, kind: str = "ROUTER", **options: int) -> None:
        self.kind = kind
        super().__init__("server.py", kind, *(f"{name}={n}" for name, n in options.items()))
        self.endpoint, idle = self.line().split()
        self.address = _address(self.endpoint)
        #: Where nobody receives.
        self.idle_address = _address(idle)

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        return int(self.watched.memory_info().rss)

    def descriptors(self) -> int:
        """Return how many descriptors are open."""
        return int(self.watched.num_fds())

    def cpu(self) -> float:
        """Return the seconds of processor time used so far."""
        times = self.watched.cpu_times()
        return float(times.user + times.system)


def _address(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    return host, int(port)


class Client(_Child):
    """The legitimate client; see programs/client.py."""

    def __init__(self, server: Server) -> None:
        super().__init__("client.py", server.endpoint, server.kind)


class Watch:
    """A client at work during an attack, and the memory before and after."""

    def __init__(self, server: Server, client: Client, note: Callable[[str], None]) -> None:
        self.server = server
        self.client = client
        self.note = note
        client.ask("busy")
        client.ask("reset")
        until(lambda: client.ask()["handshakes"] >= QUIET_HANDSHAKES)
        self.before = server.ask()
        self.quiet = client.ask("reset")
        self.memory = self._settled = server.memory()
        self._most = 0

    def counted(self, what: str) -> dict[str, int]:
        """Return the ``failures`` or ``drops`` that were counted since the beginning."""
        before, now = self.before[what], self.server.ask()[what]
        more = {reason: count - before.get(reason, 0) for reason, count in now.items()}
        return {reason: count for reason, count in more.items() if count}

    def refused(self) -> dict[str, int]:
        """Return why peers were closed since the beginning.

        Connections that were lost are left out: the client, too, ends its own while it is told
        something.
        """
        failures = self.counted("failures")
        failures.pop("connection-lost", None)
        return failures

    def grown(self) -> int:
        """Return by how many bytes the server's memory has grown."""
        grown = self.server.memory() - self.memory
        self._most = max(self._most, grown)
        return grown

    def check_unharmed(self) -> dict[str, Any]:
        """Check that the client has noticed nothing; returns its figures."""
        self.grown()
        figures = self.client.ask()
        assert figures["errors"] == []
        assert figures["trips"] > 0
        self.note(
            f"round trip {_shown(figures['trip_ms'])} ms (quiet {_shown(self.quiet['trip_ms'])}), "
            f"with a handshake {_shown(figures['handshake_ms'])} "
            f"(quiet {_shown(self.quiet['handshake_ms'])}); memory {self._most / MIB:+.1f} MiB"
        )
        return figures

    def waves(self) -> Iterator[int]:
        """Attack twice: what is kept of the first time must do for the second."""
        yield 1
        self._await_end_of_connections()
        self._settled = self.server.memory()
        yield 2

    def check_recovered(self) -> None:
        """Check that nothing is left of the attack: no part of a connection, no memory."""
        self._await_end_of_connections()
        until(lambda: bool(self.server.ask()) and self.server.memory() - self._settled <= SLACK)

    def _await_end_of_connections(self) -> None:
        self.client.ask("steady")
        until(lambda: self._left() <= 0)
        self.client.ask("busy")

    def _left(self) -> int:
        """Return by how many parts of connections there are more than before."""
        before, now = self.before["objects"], self.server.ask()["objects"]
        # A fair queue knows the pipe that was read last.
        now["Pipe"] -= 1
        return max(int(now[name]) - int(count) for name, count in before.items())


def _shown(figures: list[float]) -> str:
    return "/".join(f"{figure:.1f}" for figure in figures)


class Crowd:
    """Many raw, non-blocking connections, each ``per_source`` of them from another address."""

    def __init__(self, address: tuple[str, int], count: int, per_source: int = PER_SOURCE) -> None:
        self.selector = selectors.DefaultSelector()
        self.open: set[socket.socket] = set()
        self.received: dict[socket.socket, int] = {}
        try:
            for number in range(count):
                self._connect(address, (f"127.0.{1 + number // per_source}.1", 0))
        except BaseException:
            self.close()
            raise

    def _connect(self, address: tuple[str, int], source: tuple[str, int]) -> None:
        stream = socket.create_connection(address, timeout=PATIENCE_S, source_address=source)
        stream.setblocking(False)
        self.open.add(stream)
        self.received[stream] = 0
        self.selector.register(stream, selectors.EVENT_READ)

    def send(self, data: bytes) -> int:
        """Send the same to all that are open, as far as they take it; returns how many bytes."""
        return sum(self.send_one(stream, data) for stream in list(self.open))

    def send_one(self, stream: socket.socket, data: bytes) -> int:
        """Send to one, as far as it takes it; returns how many bytes."""
        try:
            return stream.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            assert error.errno in (errno.EPIPE, errno.ECONNRESET)
            self._lose(stream)
            return 0

    def read(self, seconds: float = 0.0) -> int:
        """Read what has come; returns how many connections are still open."""
        for key, _ in self.selector.select(seconds):
            stream = key.fileobj
            assert isinstance(stream, socket.socket)
            try:
                data = stream.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            self.received[stream] += len(data)
            if not data:
                self._lose(stream)
        return len(self.open)

    def read_to_end(self, seconds: float = PATIENCE_S) -> float:
        """Read until the server has closed all; returns how long it took."""
        start = time.monotonic()
        while self.read(0.05):
            assert time.monotonic() < start + seconds, f"{len(self.open)} are still open"
        return time.monotonic() - start

    def read_from_each(self, size: int) -> None:
        """Read until each connection has brought ``size`` bytes more than by now."""
        wanted = {stream: self.received[stream] + size for stream in self.open}
        deadline = time.monotonic() + PATIENCE_S
        while any(self.received[stream] < size for stream, size in wanted.items()):
            assert self.read(0.05) == len(wanted), "a connection was closed"
            assert time.monotonic() < deadline, "it did not come in time"

    def _lose(self, stream: socket.socket) -> None:
        if stream in self.open:
            self.open.remove(stream)
            self.selector.unregister(stream)
            stream.close()

    def close(self) -> None:
        """Close all."""
        for stream in list(self.open):
            self._lose(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        self.selector.close()
