"""Threads that wait for sockets, asleep or running the reactor."""

import threading

from antiphon.patterns.base import Watcher
from antiphon.reactor import Reactor

__all__ = ("Sleeper", "Watchers")


class Sleeper(Watcher):
    """A thread that waits for a socket to change, asleep or running the reactor."""

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        self.alarm = threading.Lock()
        self.alarm.acquire()
        self.asleep = False

    def socket_changed(self) -> None:
        """Let the thread look again."""
        if self.asleep:
            self.wake()
        elif self.reactor.polling:
            self.reactor.wake()

    def wake(self) -> None:
        """End the sleep."""
        self.asleep = False
        self.alarm.release()


class Watchers(Watcher):
    """All the threads that wait for one socket, and who watches it besides."""

    def __init__(self, other: Watcher | None) -> None:
        self.sleepers: list[Sleeper] = []
        self.other = other

    def socket_changed(self) -> None:
        """Let all of them look again."""
        for sleeper in self.sleepers:
            sleeper.socket_changed()
        other = self.other
        if other is not None:
            other.socket_changed()
