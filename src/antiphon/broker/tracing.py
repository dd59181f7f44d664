"""The broker's trace in the log, where the environment asks for one (N3)."""

from antiphon.broker.relay import Trace
from antiphon.hosts.lines import LINES
from antiphon.hosts.tracing import Trace as SocketTrace
from antiphon.hosts.tracing import tell_all

__all__ = ("LoggedTrace",)


class LoggedTrace(Trace):
    """Writes a line for each message at each hop, as the traces of sockets do."""

    def __init__(self) -> None:
        tell_all()
        self._sides = {side: SocketTrace(side, LINES) for side in ("frontend", "backend")}

    def hop(self, name: str, frames: list[bytes]) -> None:
        """Write a line."""
        side, _, direction = name.partition(" ")
        if direction == "in":
            self._sides[side].received(frames, None)
        else:
            self._sides[side].sent(frames)
