"""The real Network: one poll object, all descriptors, timers, and the links with bytes to write.

poll() makes one pass: flush what waits, wait, read and dispatch, fire timers, flush again. The
descriptor of the poll object can itself be watched, so any event loop can host a reactor.
"""

import errno
import heapq
import os
import random
import select
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import (
    LARGE_FRAME,
    Acceptor,
    Call,
    Caller,
    Listener,
    Network,
    Receiver,
    Stream,
    Timer,
)
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.transport import ipc, tcp
from antiphon.transport.inproc import InprocExchange
from antiphon.transport.tcp import Address

if TYPE_CHECKING:
    import threading

__all__ = ("READABLE", "WRITABLE", "Handler", "Reactor", "Resolution", "Resolver")

READABLE: Final = select.EPOLLIN
WRITABLE: Final = select.EPOLLOUT

#: The shared receive buffer: larger reads make the allocator fault pages (DESIGN section 1).
_BUFFER_SIZE: Final = 65536
_MAX_EVENTS: Final = 256
#: Connections taken from one listener in one pass, so that a storm starves nobody.
_MAX_ACCEPTS: Final = 64
#: How long accepting pauses when the process has no descriptor left, in seconds.
_ACCEPT_PAUSE: Final = 0.1
_FULL_TABLE: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_NEVER: Final = -1.0


@mypyc_attr(allow_interpreted_subclasses=True)
class Handler:
    """What a descriptor that is no stream calls."""

    def ready(self, events: int) -> None:
        """The descriptor is readable, writable or both."""
        raise NotImplementedError


class _SocketStream(Stream):
    """A connected socket."""

    def __init__(self, reactor: "Reactor", sock: socket.socket, peer_address: str) -> None:
        super().__init__(peer_address)
        self.reactor = reactor
        self.sock = sock
        self.fd: int = sock.fileno()
        self.receiver = Receiver()
        self.rest: list[bytes] = []
        self.reading = True
        self.open = True

    def start(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.reactor.streams[self.fd] = self
        self.reactor.epoll.register(self.fd, READABLE)

    def readable(self) -> None:
        if not self.reading:
            return
        receiver = self.receiver
        try:
            if receiver.missing >= LARGE_FRAME:
                with receiver.body_buffer() as room:
                    count: int = self.sock.recv_into(room)
                if count:
                    receiver.body_received(count)
                    return
            else:
                reactor = self.reactor
                count = self.sock.recv_into(reactor.buffer)
                if count:
                    receiver.received(bytes(reactor.buffer[:count]))
                    return
        except BlockingIOError:
            return
        except OSError as error:
            receiver.closed("connection-lost", error.strerror or str(error))
            return
        receiver.closed("peer-closed", "the peer has closed the connection")

    def writable(self) -> None:
        rest = self.rest
        self.rest = []
        self.update()
        if self.write(rest):
            self.receiver.flush()

    def write(self, chunks: list[bytes]) -> bool:
        try:
            while chunks:
                if len(chunks) == 1:
                    sent: int = self.sock.send(chunks[0])
                    if sent == len(chunks[0]):
                        return True
                else:
                    sent = self.sock.sendmsg(chunks[:64])
                chunks = _after(chunks, sent)
        except BlockingIOError:
            self.rest = chunks
            self.update()
            return False
        except OSError:
            # The read side will tell the receiver why; nothing may be called from here.
            self.rest = []
            self.reactor.watch_for_end(self)
            return False
        return True

    def pause_reading(self) -> None:
        if self.reading:
            self.reading = False
            self.update()

    def resume_reading(self) -> None:
        if not self.reading:
            self.reading = True
            self.update()

    def update(self) -> None:
        if self.open:
            events = READABLE if self.reading else 0
            if self.rest:
                events |= WRITABLE
            self.reactor.epoll.modify(self.fd, events)

    def close(self) -> None:
        if self.open:
            self.open = False
            self.rest = []
            self.reactor.forget(self.fd)
            self.sock.close()


def _after(chunks: list[bytes], sent: int) -> list[bytes]:
    """Return what is left of chunks after their first ``sent`` bytes, copying at most one."""
    index = 0
    while index < len(chunks) and sent >= len(chunks[index]):
        sent -= len(chunks[index])
        index += 1
    rest = chunks[index:]
    if sent:
        rest[0] = rest[0][sent:]
    return rest


class _Listening(Listener):
    """A listening socket."""

    def __init__(self, reactor: "Reactor", sock: socket.socket, endpoint: str, path: str) -> None:
        super().__init__(endpoint)
        self.reactor = reactor
        self.sock = sock
        self.path = path
        self.open = True

    def close(self) -> None:
        if self.open:
            self.open = False
            self.reactor.forget(self.sock.fileno())
            self.sock.close()
            if self.path:
                ipc.remove_path(self.path)


class _Door(Handler):
    """Accepts what comes to a listening socket."""

    def __init__(self, listening: _Listening, options: SocketOptions, acceptor: Acceptor) -> None:
        self.listening = listening
        self.options = options
        self.acceptor = acceptor

    def ready(self, events: int) -> None:
        listening = self.listening
        for _ in range(_MAX_ACCEPTS):
            if not listening.open:
                return
            try:
                sock, name = listening.sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _FULL_TABLE:
                    self.pause()
                    return
                continue
            self.admit(sock, name)

    def admit(self, sock: socket.socket, name: object) -> None:
        try:
            sock.setblocking(False)
            if self.listening.path:
                address = self.listening.endpoint
            else:
                tcp.tune(sock, self.options)
                address = tcp.endpoint_of(sock.getpeername())
        except OSError:
            sock.close()
            return
        self.acceptor.accepted(_SocketStream(self.listening.reactor, sock, address))

    def pause(self) -> None:
        reactor = self.listening.reactor
        reactor.epoll.modify(self.listening.sock.fileno(), 0)
        reactor.set_timer(_Reopen(self.listening), _ACCEPT_PAUSE)


class _Reopen(Timer):
    def __init__(self, listening: _Listening) -> None:
        super().__init__()
        self.listening = listening

    def fire(self) -> None:
        if self.listening.open:
            self.listening.reactor.epoll.modify(self.listening.sock.fileno(), READABLE)


class Resolution:
    """A name that is being looked up; the resolver calls ``done`` on the reactor's side."""

    def __init__(self, host: str, port: int, ipv6: bool) -> None:
        self.host = host
        self.port = port
        self.ipv6 = ipv6
        self.addresses: list[Address] = []
        self.error = ""

    def done(self) -> None:
        """Go on, with ``addresses`` or ``error`` set."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Resolver:
    """Looks names up elsewhere, so that the reactor never waits for one."""

    def resolve(self, resolution: Resolution, reactor: "Reactor") -> None:
        """Look the name up; then ``reactor.post(resolution)`` from any thread."""
        raise NotImplementedError


class _Lookup(Resolution):
    def __init__(self, dialing: "_Dialing", host: str, port: int, ipv6: bool) -> None:
        super().__init__(host, port, ipv6)
        self.dialing = dialing

    def done(self) -> None:
        self.dialing.resolved(self)


class _Dialing(Call):
    """One attempt to connect: look up, try each address in turn."""

    def __init__(
        self, reactor: "Reactor", endpoint: Endpoint, options: SocketOptions, caller: Caller
    ) -> None:
        self.reactor = reactor
        self.endpoint = endpoint
        self.options = options
        self.caller = caller
        self.addresses: list[Address] = []
        self.sock: socket.socket | None = None
        self.why = "no address"
        self.over = False
        self.timer = _DialTimer(self)

    def start(self) -> None:
        """Begin, at the latest when the reactor next passes."""
        self.reactor.set_timer(self.timer, 0.0)

    def begin(self) -> None:
        if self.endpoint.scheme == "ipc":
            self.try_ipc()
            return
        self.addresses = tcp.numeric_addresses(self.endpoint)
        if self.addresses:
            self.try_next()
            return
        lookup = _Lookup(self, self.endpoint.host, self.endpoint.port, self.options.ipv6)
        self.reactor.resolver.resolve(lookup, self.reactor)

    def try_ipc(self) -> None:
        try:
            sock = ipc.connect_socket(self.endpoint)
        except OSError as error:
            self.fail(error.strerror or str(error))
            return
        self.succeed(sock)

    def resolved(self, resolution: Resolution) -> None:
        if not self.over:
            self.addresses = resolution.addresses
            if resolution.error:
                self.why = resolution.error
            self.try_next()

    def try_next(self) -> None:
        while self.addresses:
            address = self.addresses.pop(0)
            try:
                sock = tcp.connect_socket(address, self.endpoint, self.options)
            except OSError as error:
                self.why = error.strerror or str(error)
                continue
            self.sock = sock
            self.reactor.watch(sock.fileno(), WRITABLE, _Connecting(self))
            if self.options.connect_timeout > 0:
                self.reactor.set_timer(self.timer, self.options.connect_timeout / 1000)
            return
        self.fail(self.why)

    def connect_ended(self) -> None:
        sock = self.sock
        if sock is None:
            return
        self.drop_socket(False)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            sock.close()
            self.why = os.strerror(code)
            self.try_next()
        else:
            self.succeed(sock)

    def timed_out(self) -> None:
        if self.sock is None:
            self.begin()
            return
        self.drop_socket(True)
        self.why = "the connection was not made within CONNECT_TIMEOUT"
        self.try_next()

    def drop_socket(self, close: bool) -> None:
        sock = self.sock
        self.sock = None
        self.reactor.cancel_timer(self.timer)
        if sock is not None:
            self.reactor.forget(sock.fileno())
            if close:
                sock.close()

    def succeed(self, sock: socket.socket) -> None:
        self.over = True
        self.caller.connected(_SocketStream(self.reactor, sock, self.endpoint.text))

    def fail(self, reason: str) -> None:
        self.over = True
        self.caller.failed(reason)

    def cancel(self) -> None:
        self.over = True
        self.addresses = []
        self.drop_socket(True)


class _DialTimer(Timer):
    def __init__(self, dialing: _Dialing) -> None:
        super().__init__()
        self.dialing = dialing

    def fire(self) -> None:
        self.dialing.timed_out()


class _Connecting(Handler):
    def __init__(self, dialing: _Dialing) -> None:
        self.dialing = dialing

    def ready(self, events: int) -> None:
        self.dialing.connect_ended()


class _Waker(Handler):
    def __init__(self, reactor: "Reactor") -> None:
        self.reactor = reactor

    def ready(self, events: int) -> None:
        self.reactor.woken()


class Reactor(Network):
    """Everything that polls; see the module's text.

    Not thread-safe: a host with threads sets ``lock``, holds it for every call, and poll() lets go
    of it only while it waits. wake() and post() may be called from any thread.
    """

    def __init__(self, resolver: Resolver) -> None:
        super().__init__(InprocExchange())
        self.resolver = resolver
        self.lock: threading.Lock | None = None
        self.epoll = select.epoll()
        self.streams: dict[int, _SocketStream] = {}
        self.handlers: dict[int, Handler] = {}
        self.buffer = memoryview(bytearray(_BUFFER_SIZE))
        self.dirty: list[Receiver] = []
        #: True while poll() waits without the lock.
        self.polling = False
        #: How many passes have been made.
        self.passes = 0
        self._poll_until = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._timer_number = 0
        self._random = random.SystemRandom()
        self._posted: deque[Resolution] = deque()
        self._failed: list[_SocketStream] = []
        self._wake_read, self._wake_write = _wake_pipe()
        self._woken = False
        self.watch(self._wake_read, READABLE, _Waker(self))

    def fileno(self) -> int:
        """Return the poll object's descriptor: readable when poll(0) has something to do."""
        return self.epoll.fileno()

    # One pass.

    def poll(self, timeout: float) -> None:
        """Make one pass; wait for at most ``timeout`` seconds (negative: until something comes)."""
        self.flush()
        self.passes += 1
        timeout = self._bounded(timeout)
        lock = self.lock
        if lock is None or timeout == 0.0:
            events = self.epoll.poll(timeout, _MAX_EVENTS)
        else:
            events = self._poll_unlocked(timeout, lock)
        streams = self.streams
        for fd, mask in events:
            stream = streams.get(fd)
            if stream is not None:
                if mask & WRITABLE and stream.rest:
                    stream.writable()
                if mask & ~WRITABLE:
                    if stream.reading:
                        stream.readable()
                    else:
                        self._hung_up(stream, mask)
            else:
                handler = self.handlers.get(fd)
                if handler is not None:
                    handler.ready(mask)
        if self._timers:
            self._fire_timers()
        self.flush()

    def _poll_unlocked(self, timeout: float, lock: "threading.Lock") -> list[tuple[int, int]]:
        self.polling = True
        self._poll_until = self.now() + timeout if timeout > 0 else float("inf")
        lock.release()
        try:
            return self.epoll.poll(timeout, _MAX_EVENTS)
        finally:
            lock.acquire()
            self.polling = False

    def _bounded(self, timeout: float) -> float:
        if self._posted:
            return 0.0
        deadline = self.next_deadline()
        if deadline < 0:
            return timeout
        until = max(deadline - self.now(), 0.0)
        return until if timeout < 0 else min(timeout, until)

    def _hung_up(self, stream: _SocketStream, mask: int) -> None:
        # Not reading: only an end of the connection is reported, and reading would hide it
        # behind what is still to be read; it is told when both directions are shut.
        if mask & (select.EPOLLHUP | select.EPOLLERR):
            stream.receiver.closed("connection-lost", "the connection was lost")

    def flush(self) -> None:
        """Write what links have waiting."""
        while self.dirty:
            dirty = self.dirty
            self.dirty = []
            for receiver in dirty:
                receiver.flush()
        while self._failed:
            stream = self._failed.pop()
            if stream.open:
                stream.receiver.closed("connection-lost", "writing to the connection failed")

    def schedule_flush(self, receiver: Receiver) -> None:
        """Call the receiver's flush() at the next flush()."""
        self.dirty.append(receiver)

    def watch_for_end(self, stream: _SocketStream) -> None:
        """Tell a stream's receiver soon that writing has failed."""
        self._failed.append(stream)
        self.set_timer(_Nudge(), 0.0)

    # Descriptors.

    def watch(self, fd: int, events: int, handler: Handler) -> None:
        """Call a handler when a descriptor is ready."""
        self.handlers[fd] = handler
        self.epoll.register(fd, events)

    def forget(self, fd: int) -> None:
        """Watch a descriptor no longer."""
        if self.streams.pop(fd, None) is not None or self.handlers.pop(fd, None) is not None:
            self.epoll.unregister(fd)

    # Time and chance.

    def now(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

    def random(self) -> float:
        """Return a random number from 0 up to 1."""
        return self._random.random()

    def set_timer(self, timer: Timer, delay: float) -> None:
        """Let a timer fire once, ``delay`` seconds from now."""
        deadline = self.now() + delay
        timer.deadline = deadline
        self._timer_number += 1
        heapq.heappush(self._timers, (deadline, self._timer_number, timer))
        if len(self._timers) > 1024 and self._timer_number % 1024 == 0:
            self._compact_timers()
        if self.polling and deadline < self._poll_until:
            self.wake()

    def cancel_timer(self, timer: Timer) -> None:
        """Let a timer not fire."""
        timer.deadline = _NEVER

    def _compact_timers(self) -> None:
        self._timers = [entry for entry in self._timers if entry[2].deadline == entry[0]]
        heapq.heapify(self._timers)

    def next_deadline(self) -> float:
        """Return when the next timer fires, negative if none is set."""
        timers = self._timers
        while timers and timers[0][2].deadline != timers[0][0]:
            heapq.heappop(timers)
        return timers[0][0] if timers else _NEVER

    def _fire_timers(self) -> None:
        now = self.now()
        while True:
            deadline = self.next_deadline()
            if deadline < 0 or deadline > now:
                return
            timer = heapq.heappop(self._timers)[2]
            timer.deadline = _NEVER
            timer.fire()

    # Streams.

    def dial(self, endpoint: Endpoint, options: SocketOptions, caller: Caller) -> Call:
        """Start to connect."""
        dialing = _Dialing(self, endpoint, options, caller)
        dialing.start()
        return dialing

    def listen(self, endpoint: Endpoint, options: SocketOptions, acceptor: Acceptor) -> Listener:
        """Listen from now on. Raises EndpointError."""
        if endpoint.scheme == "ipc":
            sock, path = ipc.bind_socket(endpoint, options)
            text = f"ipc://{path}"
        else:
            sock = tcp.bind_socket(endpoint, options)
            path = ""
            text = tcp.endpoint_of(sock.getsockname())
        listening = _Listening(self, sock, text, path)
        self.watch(sock.fileno(), READABLE, _Door(listening, options, acceptor))
        return listening

    # From other threads.

    def wake(self) -> None:
        """End the wait of poll(); may be called from any thread or signal handler."""
        if not self._woken:
            self._woken = True
            os.write(self._wake_write, b"\x01\0\0\0\0\0\0\0")

    def woken(self) -> None:
        """Take note of wake(), and go on with resolved names."""
        self._woken = False
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
        while self._posted:
            self._posted.popleft().done()

    def post(self, resolution: Resolution) -> None:
        """Let a resolution be done in the next pass; may be called from any thread."""
        self._posted.append(resolution)
        self.wake()

    def close(self) -> None:
        """Give the descriptors back; every socket has ended before."""
        self.epoll.close()
        os.close(self._wake_read)
        if self._wake_write != self._wake_read:
            os.close(self._wake_write)


class _Nudge(Timer):
    """Makes a pass happen."""

    def fire(self) -> None:
        """Do nothing."""


def _wake_pipe() -> tuple[int, int]:
    if hasattr(os, "eventfd"):
        fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return fd, fd
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write
