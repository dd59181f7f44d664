"""Who watches a socket: threads that wait, asleep or running the reactor, and others behind."""

from antiphon.hosts.alarm import Alarm
from antiphon.native import mypyc_attr
from antiphon.patterns.base import Watcher
from antiphon.reactor import Reactor

__all__ = ("Chained", "Sleeper", "Watchers")


@mypyc_attr(allow_interpreted_subclasses=True)
class Chained(Watcher):
    """A watcher of a socket that tells another one."""

    def __init__(self) -> None:
        self.other: Watcher | None = None

    def socket_changed(self) -> None:
        """Tell the other one."""
        other = self.other
        if other is not None:
            other.socket_changed()


class Sleeper(Watcher):
    """A thread that waits for a socket to change, asleep or running the reactor."""

    def __init__(self, reactor: Reactor) -> None:
        self.reactor = reactor
        #: Made when it first sleeps: who runs the reactor has no use for it.
        self.alarm: Alarm | None = None
        self.asleep = False
        #: Whether it leaves the reactor to others, as it waits for none of its streams.
        self.aside = False
        #: Whether a socket has changed since the thread last looked.
        self.changed = False

    def socket_changed(self) -> None:
        """Let the thread look again."""
        self.changed = True
        if self.asleep:
            self.wake()
        elif self.reactor.polling:
            self.reactor.wake()

    def wake(self) -> None:
        """End the sleep."""
        self.asleep = False
        if self.alarm is not None:
            self.alarm.ring()


class Watchers(Chained):
    """All the threads that wait for one socket, and who watches it besides."""

    def __init__(self, sleeper: Sleeper, other: Watcher | None) -> None:
        super().__init__()
        self.sleepers = [sleeper]
        self.other = other

    def socket_changed(self) -> None:
        """Let all of them look again."""
        for sleeper in self.sleepers:
            sleeper.socket_changed()
        super().socket_changed()
