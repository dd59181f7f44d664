"""Which thread runs the reactor: the one that waits.

One lock per context guards all sockets; it is let go only while the reactor waits in poll. One
thread at a time has the role of the runner. A waiter that finds the role taken sleeps, and the
runner wakes it when its socket changed; a runner that leaves hands the role to a sleeper. When no
thread is inside, the caretaker takes over (see hosts/caretaker.py).
"""

import time
from collections.abc import Callable
from typing import TypeVar

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.hosts.alarm import Alarms
from antiphon.hosts.caretaker import Caretaker
from antiphon.hosts.contract import BlockingHost
from antiphon.hosts.resolver import ThreadResolver
from antiphon.hosts.sleeping import Sleeper, Watchers
from antiphon.hosts.waiting import Descent, Keeper, hoping
from antiphon.lock import acquire, make_lock
from antiphon.native import heed_signals
from antiphon.patterns.proxy import Task
from antiphon.reactor import LONGEST_WAIT, Reactor

__all__ = ("Runner",)

T = TypeVar("T")


class Runner(BlockingHost):
    """The reactor of one context, and the threads that wait for its sockets."""

    def __init__(self, caretaker: type[Caretaker] = Caretaker) -> None:
        self.reactor = Reactor(ThreadResolver())
        self.lock = make_lock()
        self.reactor.lock = self.lock
        self.closed = False
        #: Whether the process is about to end: nothing waits any longer.
        self.exiting = False
        #: Whether a thread, or the caretaker, runs the reactor.
        self.running = False
        #: Counts calls, so that the caretaker knows when the program is elsewhere.
        self.activity = 0
        #: Whether programs wait for sockets elsewhere, by their descriptors: see hosts/signal.py.
        self.watched = False
        self._keeper = Keeper()
        self._sleepers: list[Sleeper] = []
        # Of threads that have returned, with their alarms.
        self._spare: list[Sleeper] = []
        self._alarms = Alarms(self.lock, self.reactor.steady)
        self._descent = Descent()
        # Sockets that were garbage collected: the collector runs anywhere, also under the lock.
        self._abandoned: list[SocketCore] = []
        self._orphaned = False
        self._caretaker = caretaker(self)

    def sweep(self) -> bool:
        """Close what was abandoned; returns whether nothing is left of an abandoned context."""
        raise NotImplementedError

    def exit(self) -> None:
        """Write what the system takes now; from here on every call is refused and none waits."""
        raise NotImplementedError

    def _enter(self, core: SocketCore | None = None) -> None:
        self._admit(core)
        if self.watched and self._caretaker.runs:
            self.reactor.wake()

    def _tend(self) -> None:
        # The caretaker did not step aside: it goes on, and writes what is to be written.
        if self.reactor.dirty and self._caretaker.runs:
            self.reactor.wake()

    def _admit(self, core: SocketCore | None) -> None:
        if self.closed:
            raise ContextTerminated
        if self._abandoned:
            self.sweep()
        if core is not None and core.closed:
            raise SocketClosed("the socket is closed")
        self.activity += 1
        if self._caretaker.runs and not self.watched:
            self._caretaker.step_aside()

    def _check(self, core: SocketCore) -> None:
        if self.closed:
            raise ContextTerminated
        if core.closed:
            raise SocketClosed("the socket is closed")

    def serve(self, cores: list[SocketCore], task: Task) -> None:
        """Do a task until it is done: at once, and whenever one of its sockets changes.

        Raises ContextTerminated, SocketClosed, and what the task raises.
        """
        self._descent.check()
        with self.lock:
            self._admit(None)
            for core in cores:
                self._check(core)
            sleeper = self._sleeper()
            self._register(cores, sleeper)
            if self._caretaker.runs:
                self._caretaker.step_aside()
            try:
                self._serve(cores, task, sleeper)
            finally:
                task.ended()
                self._unregister(cores, sleeper)
                self._dismiss(sleeper)
                self._hand_over()

    def _serve(self, cores: list[SocketCore], task: Task, sleeper: Sleeper) -> None:
        while True:
            sleeper.changed = False
            more = task.step()
            self.reactor.flush()
            if task.done:
                return
            if more:
                sleeper.changed = True
                # What was passed on may be answered at once.
                self.reactor.expectant = True
                self._let_others_in()
            self._run_or_sleep(sleeper, -1.0)
            for core in cores:
                self._check(core)

    def _let_others_in(self) -> None:
        # A task that always has more to do never waits: other threads need the lock all the same.
        try:
            self.lock.release()
            time.sleep(0)
        finally:
            acquire(self.lock)

    def _wait(self, core: SocketCore, attempt: Callable[[], T | None], timeout_ms: int) -> T:
        sleeper = self._sleeper()
        sleeper.aside = core.meets_inproc()
        try:
            return self._wait_for([core], hoping(core, attempt), timeout_ms, sleeper)
        finally:
            self._dismiss(sleeper)

    def _sleeper(self) -> Sleeper:
        """Return a sleeper for the thread that calls, which dismisses it before it returns."""
        if not self._spare:
            return Sleeper(self.reactor)
        sleeper = self._spare.pop()
        sleeper.aside = sleeper.changed = False
        return sleeper

    def _dismiss(self, sleeper: Sleeper) -> None:
        if not self.closed:
            self._spare.append(sleeper)

    def _wait_for(
        self,
        cores: list[SocketCore],
        attempt: Callable[[], T | None],
        timeout_ms: int,
        sleeper: Sleeper,
    ) -> T:
        """Return what ``attempt`` returns once that is something. Raises Again after the time-out.

        Nothing is what counts as false.
        """
        deadline = -1.0 if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        remaining = -1.0
        sleeper.changed = False
        self._register(cores, sleeper)
        if self._caretaker.runs and timeout_ms != 0:
            self._caretaker.step_aside()
        self.reactor.flush()
        try:
            while True:
                if deadline >= 0:
                    remaining = max(deadline - time.monotonic(), 0.0)
                self._run_or_sleep(sleeper, remaining)
                for core in cores:
                    self._check(core)
                if self.closed:
                    raise ContextTerminated
                sleeper.changed = False
                result = attempt()
                if result:
                    return result
                if remaining == 0.0:
                    raise Again
        finally:
            self._unregister(cores, sleeper)
            self._hand_over()

    def _run_or_sleep(self, sleeper: Sleeper, seconds: float) -> None:
        if sleeper.changed:
            # Writing what had waited may have made room: that wakes nobody who does not wait yet.
            seconds = 0.0
        if not (self.running or sleeper.aside):
            self.running = True
            try:
                self.reactor.poll(seconds)
            finally:
                self.running = False
        elif seconds != 0.0:
            alarm = sleeper.alarm or self._alarms.make()
            sleeper.alarm = alarm
            sleeper.asleep = True
            try:
                self.lock.release()
                heed_signals()
                alarm.sleep(LONGEST_WAIT if seconds < 0 else min(seconds, LONGEST_WAIT))
            finally:
                acquire(self.lock)
                sleeper.asleep = False

    def _register(self, cores: list[SocketCore], sleeper: Sleeper) -> None:
        self._sleepers.append(sleeper)
        for core in cores:
            watcher = core.pattern.watcher
            if isinstance(watcher, Watchers):
                watcher.sleepers.append(sleeper)
            else:
                core.pattern.watcher = Watchers(sleeper, watcher)

    def _unregister(self, cores: list[SocketCore], sleeper: Sleeper) -> None:
        self._sleepers.remove(sleeper)
        for core in cores:
            watcher = core.pattern.watcher
            if isinstance(watcher, Watchers):
                watcher.sleepers.remove(sleeper)
                if not watcher.sleepers:
                    core.pattern.watcher = watcher.other

    def _hand_over(self) -> None:
        if self.running:
            return
        for sleeper in self._sleepers:
            if sleeper.asleep and not sleeper.aside:
                sleeper.wake()
                return
        if self._caretaker.parked:
            self._caretaker.unpark()

    def hand_over(self) -> None:
        """Let a sleeping thread run the reactor; the caretaker calls this as it leaves."""
        self._hand_over()

    def waiting(self) -> bool:
        """Tell whether a thread is inside that runs the reactor, or could."""
        return any(not sleeper.aside for sleeper in self._sleepers)

    def empty(self) -> bool:
        """Tell whether no thread is inside."""
        return not self.running and not self._sleepers
