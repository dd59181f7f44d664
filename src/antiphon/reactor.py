"""The real Network: one poll object, all descriptors, timers, and the links with bytes to write.

poll() makes one pass: flush what waits, wait, read and dispatch, fire timers, flush again. The
descriptor of the poll object can itself be watched, so any event loop can host a reactor.
"""

import contextlib
import heapq
import os
import time
from collections import deque
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import (
    INTERRUPTED,
    Acceptor,
    Call,
    Caller,
    Listener,
    Receiver,
    Timer,
)
from antiphon.lock import Lock, acquire
from antiphon.native import heed_signals
from antiphon.options import SocketOptions
from antiphon.poller import make_poller
from antiphon.spinning import Spinner
from antiphon.transport.descriptors import (
    READABLE,
    Descriptors,
    DescriptorStream,
    Handler,
    Resolution,
    Resolver,
)
from antiphon.transport.dialing import Dialing
from antiphon.transport.inproc import InprocExchange
from antiphon.transport.listening import listen
from antiphon.unpatched import RLock

__all__ = ("LONGEST_WAIT", "Reactor", "wake_pipe")

#: Nothing waits for longer at a time, in seconds: a signal that comes when the system is just about
#: to wait is not seen before the wait ends, and Ctrl-C would be lost.
LONGEST_WAIT: Final = 0.5

_MAX_EVENTS: Final = 256
_NEVER: Final = -1.0


class _Waker(Handler):
    def __init__(self, reactor: "Reactor") -> None:
        self.reactor = reactor

    def ready(self, events: int) -> None:
        self.reactor.woken()


class Reactor(Descriptors):
    """Everything that polls; see the module's text.

    Not thread-safe: a host with threads sets ``lock``, holds it for every call, and poll() lets go
    of it only while it waits. wake() and post() may be called from any thread.
    """

    def __init__(self, resolver: Resolver) -> None:
        super().__init__(InprocExchange(), resolver)
        self.lock: Lock | None = None
        self.poller = make_poller()
        self.spinner = Spinner(self.poller, _MAX_EVENTS)
        self.streams: dict[int, DescriptorStream] = {}
        self.handlers: dict[int, Handler] = {}
        #: True while poll() waits without the lock.
        self.polling = False
        #: Whether something was sent that may be answered at once; the next wait says no again.
        self.expectant = False
        #: How many passes have been made.
        self.passes = 0
        self._poll_until = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._timer_number = 0
        self._posted: deque[Resolution] = deque()
        # What was read and has not been delivered yet.
        self._arrived: list[tuple[DescriptorStream, bytes]] = []
        self.closed = False
        self._wake_read, self._wake_write = wake_pipe()
        #: A descriptor that is always writable, or -1 if there is none; a pipe may be full.
        self.steady = self._wake_write if self._wake_write == self._wake_read else -1
        self._woken = False
        # Reentrant, as the garbage collector may wake a reactor anywhere.
        self._wake_lock = RLock()
        self.watch(self._wake_read, READABLE, _Waker(self))

    def fileno(self) -> int:
        """Return the poll object's descriptor: readable when poll(0) has something to do."""
        return int(self.poller.fileno())

    # One pass.

    def poll(self, timeout: float) -> None:
        """Make one pass; wait for at most ``timeout`` seconds (negative: until something comes).

        It may return earlier than that, at the latest after LONGEST_WAIT: look, and call again.
        """
        _flush(self.dirty)
        self.passes += 1
        # Who is patient waits for this pass if there is something to do at once, and no longer.
        patient = self.patient.copy()
        events = self.poller.poll(0.0, _MAX_EVENTS) if patient else []
        if not events:
            patient.clear()
            self.flush()
            events = self._wait(timeout)
        self.pass_time = self.now()
        self._dispatch(events)
        if self._timers:
            self._fire_timers()
        _flush(self.dirty)
        if patient:
            del self.patient[: len(patient)]
            try:
                _flush(patient)
            finally:
                self.patient += patient

    def _dispatch(self, events: list[tuple[int, int]]) -> None:
        streams = self.streams
        # Everything is read before anything is done with it: the system's code and ours would
        # drive each other out of the processor's caches (measured in the broker: 7 % of its time).
        arrived = self._arrived
        for fd, mask in events:
            stream = streams.get(fd)
            if stream is not None:
                data = stream.on_events(mask)
                if data:
                    arrived.append((stream, data))
            else:
                handler = self.handlers.get(fd)
                if handler is not None:
                    handler.ready(mask)
        if arrived:
            self._deliver(arrived)

    def _deliver(self, arrived: list[tuple[DescriptorStream, bytes]]) -> None:
        self._arrived = []
        count = 0
        try:
            for stream, data in arrived:
                count += 1
                if stream.filled:
                    began = self.now()
                    stream.receiver.received(data)
                    stream.took(self.now() - began)
                else:
                    stream.receiver.received(data)
        except BaseException:
            self._arrived = arrived[count:]
            arrived[count - 1][0].receiver.closed(*INTERRUPTED)
            raise

    def _wait(self, timeout: float) -> list[tuple[int, int]]:
        timeout = self._bounded(timeout)
        if timeout == 0.0:
            events: list[tuple[int, int]] = self.poller.poll(0.0, _MAX_EVENTS)
            return events
        expectant = self.expectant
        self.expectant = False
        if self.lock is None:
            return self._look_or_sleep(timeout, expectant)
        return self._wait_unlocked(timeout, expectant, self.lock)

    def _wait_unlocked(self, timeout: float, expectant: bool, lock: Lock) -> list[tuple[int, int]]:
        self.polling = True
        self._poll_until = self.now() + timeout
        try:
            lock.release()
            return self._look_or_sleep(timeout, expectant)
        finally:
            acquire(lock)
            self.polling = False

    def _look_or_sleep(self, timeout: float, expectant: bool) -> list[tuple[int, int]]:
        events = self.spinner.poll(timeout) if expectant else []
        if not events:
            heed_signals()
            events = self.poller.poll(timeout, _MAX_EVENTS)
        return events

    def _bounded(self, timeout: float) -> float:
        if self._posted:
            return 0.0
        timeout = LONGEST_WAIT if timeout < 0 else min(timeout, LONGEST_WAIT)
        deadline = self.next_deadline()
        return timeout if deadline < 0 else min(timeout, max(deadline - self.now(), 0.0))

    def flush(self) -> None:
        """Write what links have waiting."""
        _flush(self.dirty)
        _flush(self.patient)

    # Descriptors.

    def watch(self, fd: int, events: int, handler: Handler) -> None:
        """Call a handler when a descriptor is ready."""
        self.poller.register(fd, events)
        self.handlers[fd] = handler

    def watch_stream(self, fd: int, stream: DescriptorStream) -> None:
        """Call a stream when it is readable, and later as change() says."""
        self.streams[fd] = stream
        self.poller.register(fd, READABLE)

    def change(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""
        self.poller.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Watch a descriptor no longer."""
        if self.closed:
            return
        if self.streams.pop(fd, None) is not None or self.handlers.pop(fd, None) is not None:
            self.poller.unregister(fd)

    # Time and chance.

    def now(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

    def random(self) -> float:
        """Return a random number from 0 up to but not including 1."""
        # As many bits as a float can tell apart.
        return (int.from_bytes(os.urandom(7), "big") >> 3) / 2**53

    def entropy(self, count: int) -> bytes:
        """Return octets from the system's source of randomness."""
        return os.urandom(count)

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
        now = self.pass_time
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
        dialing = Dialing(self, endpoint, options, caller)
        dialing.start()
        return dialing

    def listen(self, endpoint: Endpoint, options: SocketOptions, acceptor: Acceptor) -> Listener:
        """Listen from now on. Raises EndpointError."""
        return listen(self, endpoint, options, acceptor)

    # From other threads.

    def wake(self) -> None:
        """End the wait of poll(); may be called from any thread or signal handler."""
        if not self._woken:
            # Whoever closes meanwhile must not leave us a number that means another file.
            with self._wake_lock:
                if not self.closed:
                    self._woken = True
                    os.write(self._wake_write, b"\x01\0\0\0\0\0\0\0")

    def woken(self) -> None:
        """Take note of wake(), and go on with resolved names."""
        # In this order: whoever posts between the two is seen below, and needs no byte.
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        self._woken = False
        while self._posted:
            self._posted.popleft().done()

    def post(self, resolution: Resolution) -> None:
        """Let a resolution be done in the next pass; may be called from any thread."""
        self._posted.append(resolution)
        self.wake()

    def close(self) -> None:
        """Give the descriptors back; every socket has ended before."""
        with self._wake_lock:
            if self.closed:
                return
            self.closed = True
            self.poller.close()
            os.close(self._wake_read)
            if self._wake_write != self._wake_read:
                os.close(self._wake_write)


def _flush(waiting: list[Receiver]) -> None:
    while waiting:
        receiver = waiting.pop()
        try:
            receiver.flush()
        except BaseException:
            receiver.closed(*INTERRUPTED)
            raise


def wake_pipe() -> tuple[int, int]:
    """Return descriptors to wait on and to write to; they are the same where that is possible."""
    if hasattr(os, "eventfd"):
        fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return fd, fd
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write
