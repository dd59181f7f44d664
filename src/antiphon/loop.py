"""The reactor of the chapter for blocking code: handlers of readable sockets, and timers (H7).

It waits in the poll of the context, which runs the reactor of its sockets meanwhile. Handlers are
called one at a time, in the thread that called run(), with no lock held: they may use sockets, and
add and cancel readers and timers, their own as well.
"""

import enum
import heapq
import math
import time
from collections.abc import Callable
from typing import Final, TypeVarTuple

from antiphon.errors import ContextTerminated
from antiphon.zmq.base import BaseSocket
from antiphon.zmq.poller import Pollable, Poller

__all__ = ("Ended", "Loop", "Reader", "Timer")

Ts = TypeVarTuple("Ts")
_Call = Callable[[], object]

_POLLIN: Final = 1
#: After so many new timers, those that were cancelled are looked for.
_MANY: Final = 1024


class Ended(enum.Enum):
    """Why Loop.run() has returned."""

    STOPPED = "a handler has called stop()"
    INTERRUPTED = "Ctrl-C"
    TERMINATED = "the context has ended"
    IDLE = "no reader and no timer is left"


class Reader:
    """A handler of a socket or descriptor; Loop.cancel() ends it."""

    __slots__ = ("call", "source")

    def __init__(self, source: BaseSocket | int, call: _Call) -> None:
        self.source = source
        self.call = call


class Timer:
    """A handler that is called later, once or more often; Loop.cancel() ends it."""

    __slots__ = ("call", "deadline", "interval", "times")

    def __init__(self, call: _Call, interval: float, times: int | None) -> None:
        self.call = call
        #: The time from one call to the next, in seconds.
        self.interval = interval
        #: How many calls are left; None: no end of them.
        self.times = times
        #: When it is called next, in seconds of the monotonic clock; None once it is over.
        self.deadline: float | None = time.monotonic() + interval

    def advance(self, now: float) -> None:
        """Count one call, and set when the next one is due: those that were missed are left out."""
        assert self.deadline is not None
        if self.times is not None:
            self.times -= 1
        if self.times == 0:
            self.deadline = None
        else:
            missed = (now - self.deadline) // self.interval
            self.deadline += (missed + 1) * self.interval


class Loop:
    """Waits for sockets, descriptors and timers, and calls their handlers.

    It belongs to one thread; its sockets belong to one context. What a handler raises ends run()
    and is raised there. Other threads stop a loop by a message to one of its sockets, or by ending
    the context (H9).
    """

    def __init__(self) -> None:
        self._poller = Poller()
        self._readers: dict[BaseSocket | int, Reader] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._timer_number = 0
        self._stopping = False

    def reader(self, source: Pollable, handler: Callable[[*Ts], object], *args: *Ts) -> Reader:
        """Call a handler whenever a socket, or a descriptor, can be read.

        ``source`` may be anything with a fileno(). Raises ValueError if it has a reader already,
        TypeError for an asyncio socket.
        """
        key = source if isinstance(source, BaseSocket | int) else source.fileno()
        if key in self._readers:
            raise ValueError(f"{source!r} has a reader already: cancel that first")
        self._poller.register(key, _POLLIN)
        reader = Reader(key, lambda: handler(*args))
        self._readers[key] = reader
        return reader

    def after(self, delay_ms: float, handler: Callable[[*Ts], object], *args: *Ts) -> Timer:
        """Call a handler once, ``delay_ms`` milliseconds from now. Raises ValueError below 0."""
        if delay_ms < 0:
            raise ValueError(f"delay_ms is {delay_ms}: it is 0 or more")
        return self._start(delay_ms, 1, lambda: handler(*args))

    def every(
        self,
        interval_ms: float,
        handler: Callable[[*Ts], object],
        *args: *Ts,
        times: int | None = None,
    ) -> Timer:
        """Call a handler every ``interval_ms`` milliseconds, ``times`` times or for ever.

        The calls do not drift: what other handlers take does not move the next one. Calls that
        come too late for that are left out. Raises ValueError for an interval or a number that is
        not above 0.
        """
        if not interval_ms > 0:
            raise ValueError(f"interval_ms is {interval_ms}: it is above 0")
        if times is not None and times < 1:
            raise ValueError(f"times is {times}: it is 1 or more, or None for ever")
        return self._start(interval_ms, times, lambda: handler(*args))

    def cancel(self, handle: Reader | Timer) -> None:
        """Call a reader's or a timer's handler no longer; it may have ended before."""
        if isinstance(handle, Timer):
            handle.deadline = None
        elif self._readers.get(handle.source) is handle:
            del self._readers[handle.source]
            self._poller.unregister(handle.source)

    def stop(self) -> None:
        """Return from run() once the handler that calls this has returned."""
        self._stopping = True

    def run(self) -> Ended:
        """Call handlers until there is a reason to end, and return the reason.

        Raises what a handler does, except KeyboardInterrupt and ContextTerminated; SocketClosed if
        a socket was closed before its reader was cancelled; ValueError for sockets of two contexts.
        """
        try:
            while not self._stopping:
                wait_ms = self._next_ms()
                if wait_ms is None and not self._readers:
                    return Ended.IDLE
                self._pass(wait_ms)
            return Ended.STOPPED
        except KeyboardInterrupt:
            return Ended.INTERRUPTED
        except ContextTerminated:
            return Ended.TERMINATED
        finally:
            self._stopping = False

    # One pass.

    def _pass(self, wait_ms: int | None) -> None:
        for source, _ in self._poller.poll(wait_ms):
            reader = self._readers.get(source)
            # A handler that ran before may have read what was there.
            if reader is not None and (isinstance(source, int) or source.events & _POLLIN):
                reader.call()
            if self._stopping:
                return
        now = time.monotonic()
        # One at a time: what is left when a handler stops the loop, or fails, stays for run().
        while self._timers and self._timers[0][0] <= now and not self._stopping:
            deadline, _, timer = heapq.heappop(self._timers)
            # A handler that ran before may have cancelled it.
            if timer.deadline == deadline:
                timer.advance(now)
                self._schedule(timer)
                timer.call()

    def _next_ms(self) -> int | None:
        """Return how long it is until the next timer, in milliseconds; None if there is none."""
        timers = self._timers
        while timers and timers[0][0] != timers[0][2].deadline:
            heapq.heappop(timers)
        if not timers:
            return None
        return math.ceil(max(timers[0][0] - time.monotonic(), 0.0) * 1000)

    def _start(self, delay_ms: float, times: int | None, call: _Call) -> Timer:
        timer = Timer(call, delay_ms / 1000, times)
        self._schedule(timer)
        return timer

    def _schedule(self, timer: Timer) -> None:
        if timer.deadline is None:
            return
        self._timer_number += 1
        heapq.heappush(self._timers, (timer.deadline, self._timer_number, timer))
        if self._timer_number % _MANY == 0:
            # Forget those that were cancelled long before they were due.
            self._timers = [entry for entry in self._timers if entry[0] == entry[2].deadline]
            heapq.heapify(self._timers)
