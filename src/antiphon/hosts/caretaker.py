"""Runs the reactor while no thread of the program does.

Reconnects, heartbeats, handshakes and queued sends have to go on while the program computes. The
caretaker is a daemon thread with three states:

    ticking   the program calls often: look every millisecond, write what a burst has queued
    running   the program has been elsewhere for a millisecond: wait in the reactor's poll
    parked    another thread waits in poll: sleep until it leaves
"""

from typing import TYPE_CHECKING, Final

from antiphon.exits import at_exit
from antiphon.native import mypyc_attr
from antiphon.unpatched import Lock, sleep, start_thread

if TYPE_CHECKING:
    from antiphon.hosts.running import Runner

__all__ = ("Caretaker",)

_TICK: Final = 0.001
#: How many ticks may be left out, one after the other, as the program has the lock.
_MAX_MISSED: Final = 8
#: The hosts that are taken care of.
_hosts: "set[Runner]" = set()


def _exit() -> None:
    """Write what waits, then let no thread wait for another: daemon threads are about to stop."""
    for host in list(_hosts):
        host.exit()


at_exit(_exit)


@mypyc_attr(allow_interpreted_subclasses=True)
class Caretaker:
    """The thread of one host; all attributes are guarded by the host's lock."""

    def __init__(self, host: "Runner") -> None:
        self._host = host
        self._started = False
        self._stopped = False
        self._bell = Lock()
        self._bell.acquire()
        self._stepping_aside = False
        #: True while the caretaker has the runner's role.
        self.runs = False
        #: True while it sleeps until a runner leaves.
        self.parked = False
        self._ended = False
        # What the host had counted at the last tick: its calls, and the reactor's passes.
        self._activity = -1
        self._passes = -1

    def start(self) -> None:
        """Start the thread, once."""
        if not self._started:
            self._started = True
            _hosts.add(self._host)
            self._begin()

    def _begin(self) -> None:
        start_thread(self._care, "antiphon-caretaker")

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped = True
        if not self._started:
            self._host.reactor.close()
            return
        if self.parked:
            self.unpark()
        self._host.reactor.wake()

    def step_aside(self) -> None:
        """Leave the runner's role: a thread of the program is inside the library."""
        if not self._stepping_aside:
            self._stepping_aside = True
            self._host.reactor.wake()

    def unpark(self) -> None:
        """Tick again: the runner has left."""
        self.parked = False
        self._bell.release()

    def _care(self) -> None:
        lock = self._host.lock
        missed = 0
        while not self._ended:
            sleep(_TICK)
            # To be told that a busy lock is free would slow down whoever has it.
            if not lock.acquire(missed >= _MAX_MISSED):
                missed += 1
                continue
            missed = 0
            try:
                self._tick()
            except Exception:  # whatever it is, it is told, and costs no more
                # The reactor has closed the connection where it happened; the others go on.
                import logging

                log = logging.getLogger("antiphon")
                log.exception("! a connection was closed by an error that should not have been")
            finally:
                lock.release()
            if self.parked:
                self._bell.acquire()

    def _tick(self) -> None:
        host = self._host
        if host.sweep():
            self._stopped = True
        if self._stopped and host.empty():
            self._end()
            return
        same_pass = host.reactor.passes == self._passes
        quiet = host.activity == self._activity
        self._activity = host.activity
        self._passes = host.reactor.passes
        host.reactor.flush()
        if host.running:
            self.parked = same_pass
        elif (quiet or host.watched) and not host.waiting():
            self._run()
        else:
            host.reactor.poll(0.0)
            self._passes = host.reactor.passes

    def _end(self) -> None:
        self._ended = True
        _hosts.discard(self._host)
        self._host.reactor.close()

    def _run(self) -> None:
        host = self._host
        host.running = True
        self.runs = True
        self._stepping_aside = False
        try:
            while not (self._stepping_aside or self._stopped or host.waiting()):
                host.reactor.poll(-1.0)
                if host.sweep():
                    self._stopped = True
        finally:
            self.runs = False
            host.running = False
            host.hand_over()
