"""A pattern that shows what the program sends and receives, and leaves all else to another one."""

from antiphon.native import mypyc_attr
from antiphon.patterns.base import Pattern
from antiphon.patterns.pipe import Pipe

__all__ = ("TracedPattern", "Tracer")


@mypyc_attr(allow_interpreted_subclasses=True)
class Tracer:
    """Whoever wants to see each message of a socket as its program does (N3)."""

    def sent(self, parts: list[bytes]) -> None:
        """A message was sent, or dropped as one is that has nobody to go to."""
        raise NotImplementedError

    def received(self, parts: list[bytes], sender: Pipe | None) -> None:
        """A message was received; ``sender`` is None where it has gone."""
        raise NotImplementedError


class TracedPattern(Pattern):
    """The program's side of a pattern with a tracer in between; connections never see it."""

    def __init__(self, pattern: Pattern, tracer: Tracer) -> None:
        super().__init__(pattern.options)
        self._pattern = pattern
        self._tracer = tracer

    def try_send(self, parts: list[bytes]) -> bool:
        """Send as the pattern does, and show what has gone."""
        shown = parts.copy()
        if not self._pattern.try_send(parts):
            return False
        self._tracer.sent(shown)
        return True

    def check_send(self) -> None:
        """Raise what the pattern does."""
        self._pattern.check_send()

    def try_recv(self) -> list[bytes] | None:
        """Receive as the pattern does, and show what has come."""
        parts = self._pattern.try_recv()
        if parts is not None:
            self._tracer.received(parts, self._pattern.last_sender())
        return parts

    def last_sender(self) -> Pipe | None:
        """Return the sender of the pattern's last message."""
        return self._pattern.last_sender()

    def drop(self, reason: str, parts: list[bytes]) -> None:
        """Count a message as the pattern does."""
        self._pattern.drop(reason, parts)

    def can_send(self) -> bool:
        """Tell whether the pattern would take a message."""
        return self._pattern.can_send()

    def can_recv(self) -> bool:
        """Tell whether the pattern would return a message."""
        return self._pattern.can_recv()
