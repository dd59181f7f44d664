"""A connected socket as a stream: reads when polled, writes what fits, keeps the rest."""

import _socket as socket
import errno
import os
from collections.abc import Callable
from typing import Final

from antiphon.engine.network import LARGE_FRAME, Receiver
from antiphon.transport.descriptors import (
    ERROR,
    HANG_UP,
    READABLE,
    WRITABLE,
    Descriptors,
    DescriptorStream,
)

__all__ = ("SocketStream",)

#: What a read may bring at first: most peers send little at once, and Python has room at hand for
#: objects of up to 512 bytes, of which bytes take 33 for themselves. Then, for whoever sends more.
_FIRST_READ: Final = 512 - 33
_SECOND_READ: Final = 4096
#: Larger reads make the allocator map and fault pages on each call (measured: half the speed).
_MAX_READ: Final = 65536
#: How long a peer may keep us busy at a time, in seconds, and what it may say even if that takes
#: longer: all others wait meanwhile, and bytes can be dear (a frame may have only two).
_TURN: Final = 0.0002
_MIN_READ: Final = 1024
#: The system takes no more now.
_FULL: Final = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.ENOMEM)
#: How many chunks one sendmsg() gets, well below what systems allow.
_MAX_CHUNKS: Final = 64


class SocketStream(DescriptorStream):
    """A connected socket."""

    def __init__(
        self,
        descriptors: Descriptors,
        sock: socket.socket,
        peer_address: str,
        local_address: str,
    ) -> None:
        super().__init__(peer_address, local_address, sock.fileno())
        self.descriptors = descriptors
        self.sock = sock
        self.fd: int = sock.fileno()
        # These cost less per call than recv() and send(); where they do not work on sockets,
        # those two do.
        self._read: Callable[[int, int], bytes] = os.read
        self._write: Callable[[int, bytes | memoryview], int] = os.write
        if os.name != "posix":
            self._read = lambda _fd, size: sock.recv(size)
            self._write = lambda _fd, data: sock.send(data)
        self._read_size = _FIRST_READ
        # True while the peer has gone and reading is paused: then nothing is polled.
        self._hung_up = False
        #: What the system has not taken yet.
        self.rest: list[bytes] = []
        # How much of the first of them it has taken: large ones are not copied for what is left.
        self._taken = 0
        self.reading = True
        self.open = True

    def start(self, receiver: Receiver) -> None:
        """Begin to read, and to tell the receiver."""
        self.receiver = receiver
        self.descriptors.watch_stream(self.fd, self)

    def on_events(self, events: int) -> bytes:
        """Write what waits, then read once; level-triggered polling comes back for more."""
        # Polling may have seen that it is readable before another thread paused it.
        if (events != READABLE or not self.reading) and not self._goes_on(events):
            return b""
        receiver = self.receiver
        if receiver.missing >= LARGE_FRAME:
            self._read_body(receiver)
            return b""
        try:
            data = self._read(self.fd, self._read_size)
        except OSError as error:
            self._read_failed(error)
            return b""
        if not data:
            receiver.closed("peer-closed", "the peer has closed the connection")
        elif len(data) == self._read_size:
            self.filled = True
        return data

    def took(self, seconds: float) -> None:
        """Read so much the next time as can be dealt with in a turn."""
        self.filled = False
        if self._read_size == _FIRST_READ:
            self._read_size = _SECOND_READ
            return
        size = int(self._read_size * _TURN / max(seconds, 1e-6))
        size = min(max(size, _MIN_READ), _MAX_READ)
        # A power of two: buffers of every size there is leave gaps in memory.
        self._read_size = 1 << (size.bit_length() - 1)

    def _goes_on(self, events: int) -> bool:
        """See to all events but READABLE; returns whether to read."""
        if events & WRITABLE and self.rest:
            self._write_rest()
        if self.open and not self.reading:
            if events & ERROR:
                self.receiver.closed("connection-lost", "the connection was lost")
            elif events & HANG_UP:
                # There may be bytes left to read, and polling would report this again and again.
                self._hung_up = True
                self.descriptors.forget(self.fd)
        return self.open and self.reading and bool(events & ~WRITABLE)

    def _read_body(self, receiver: Receiver) -> None:
        try:
            with receiver.body_buffer() as room:
                count: int = self.sock.recv_into(room)
        except OSError as error:
            self._read_failed(error)
            return
        if count:
            receiver.body_received(count)
        else:
            receiver.closed("peer-closed", "the peer has closed the connection")

    def _read_failed(self, error: OSError) -> None:
        if not isinstance(error, BlockingIOError):
            self.receiver.closed("connection-lost", error.strerror or str(error))

    def _write_rest(self) -> None:
        rest = self.rest
        self.rest = []
        self._update()
        if self._write_from(rest, self._taken) or self.broken:
            self.receiver.flush()

    def write(self, chunks: list[bytes]) -> bool:
        """Take over bytes to write; False if some wait for the system to take more."""
        if len(chunks) > 1:
            return self._write_from(chunks, 0)
        try:
            taken = self._write(self.fd, chunks[0])
        except OSError as error:
            self._write_failed(error, chunks, 0)
            return False
        return taken == len(chunks[0]) or self._write_from(chunks, taken)

    def _write_from(self, chunks: list[bytes], taken: int) -> bool:
        """Write chunks of whose first one ``taken`` bytes are away already."""
        try:
            while chunks:
                if len(chunks) == 1:
                    taken += self._write(self.fd, memoryview(chunks[0])[taken:])
                elif taken:
                    left: list[bytes | memoryview] = [
                        memoryview(chunks[0])[taken:],
                        *chunks[1:_MAX_CHUNKS],
                    ]
                    taken += self.sock.sendmsg(left)
                else:
                    taken = self.sock.sendmsg(chunks[:_MAX_CHUNKS])
                index = 0
                while index < len(chunks) and taken >= len(chunks[index]):
                    taken -= len(chunks[index])
                    index += 1
                if index:
                    chunks = chunks[index:]
        except OSError as error:
            self._write_failed(error, chunks, taken)
            return False
        return True

    def _write_failed(self, error: OSError, chunks: list[bytes], taken: int) -> None:
        if error.errno in _FULL:
            self.rest = chunks
            self._taken = taken
            self._update()
        else:
            # Polling reports the end of the connection, after what is still to be read.
            self.broken = True

    def unsent(self) -> int:
        """Return how many bytes wait for the system to take more."""
        return sum(map(len, self.rest)) - (self._taken if self.rest else 0)

    def pause_reading(self) -> None:
        """Stop reading, so that the peer is held back."""
        if self.reading:
            self.reading = False
            self._update()

    def resume_reading(self) -> None:
        """Read again."""
        if not self.reading:
            self.reading = True
            if self._hung_up and self.open:
                self._hung_up = False
                self.descriptors.watch_stream(self.fd, self)
            self._update()

    def _update(self) -> None:
        if self.open and not self._hung_up:
            events = READABLE if self.reading else 0
            if self.rest:
                events |= WRITABLE
            self.descriptors.change(self.fd, events)

    def close(self) -> None:
        """Close at once; nothing is called afterwards."""
        if self.open:
            self.open = False
            self.rest = []
            self.descriptors.forget(self.fd)
            self.sock.close()
