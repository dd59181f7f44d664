"""Passes messages on between two sockets (sans-I/O): zmq_proxy() and its relatives (3.7, 4.4).

A message is taken from one side only when the other one has room for it, so that a slow side holds
the fast one back. Both sides get their turn; the capturing socket is sent a copy of everything.
"""

import sys
from typing import Final

from antiphon.native import mypyc_attr
from antiphon.patterns.base import Pattern

__all__ = ("PAUSE", "RESUME", "STATISTICS", "TERMINATE", "Proxy", "SteerableProxy", "Task")

PAUSE: Final = b"PAUSE"
RESUME: Final = b"RESUME"
TERMINATE: Final = b"TERMINATE"
STATISTICS: Final = b"STATISTICS"

#: How many messages go one way before the other way has its turn.
_TURN: Final = 64
_ORDER: Final = sys.byteorder


@mypyc_attr(allow_interpreted_subclasses=True)
class Task:
    """Work on sockets that goes on for as long as the host does it (see Runner.serve)."""

    def __init__(self) -> None:
        #: True once it is to be done no longer.
        self.done = False

    def step(self) -> bool:
        """Do some of it, without waiting; returns whether there is more to do at once."""
        raise NotImplementedError

    def ended(self) -> None:
        """Take note that the host does it no longer."""


class _Figures:
    """What has come from a socket and gone to it: frames and their bytes."""

    def __init__(self) -> None:
        self.received = 0
        self.received_bytes = 0
        self.sent = 0
        self.sent_bytes = 0

    def packed(self) -> list[bytes]:
        """Return them as 64-bit numbers in the system's byte order."""
        figures = (self.received, self.received_bytes, self.sent, self.sent_bytes)
        return [figure.to_bytes(8, _ORDER) for figure in figures]


class _Way:
    """Messages from one socket to the other, and to the one that captures.

    ``prefix`` goes in front of what is captured. ``swaps`` exchanges the first two frames, which
    is how two ROUTERs pass on a message that names its receiver.
    """

    def __init__(
        self,
        source: Pattern,
        target: Pattern,
        capture: Pattern | None,
        prefix: list[bytes],
        swaps: bool,
    ) -> None:
        self.source = source
        self.target = target
        self.capture = capture
        self.prefix = prefix
        self.swaps = swaps
        self.source_figures = _Figures()
        self.target_figures = _Figures()
        #: A message that was taken and has found no room: a mandatory ROUTER has some, but not
        #: for every peer, and a socket that is both sides is not asked.
        self.held: list[bytes] | None = None
        #: A copy for which the capturing socket had no room: an XPUB under XPUB_NODROP has some,
        #: but not for every topic.
        self.held_copy: list[bytes] | None = None

    def move(self) -> int:
        """Pass on what there is and room for, a turn's worth at most; returns how many."""
        for count in range(_TURN):
            parts = self.held
            if parts is None:
                parts = self._take()
                if parts is None:
                    return count
            if not self.target.try_send(parts):
                self.held = parts
                return count
            self.held = None
        return _TURN

    def _take(self) -> list[bytes] | None:
        source = self.source
        target = self.target
        capture = self.capture
        if capture is not None and not (self._copied(capture) and capture.can_send()):
            return None
        if not source.can_recv() or not (target is source or target.can_send()):
            return None
        parts = source.try_recv()
        if parts is None:
            return None
        if self.swaps and len(parts) > 1:
            parts[0], parts[1] = parts[1], parts[0]
        if capture is not None:
            self.held_copy = self.prefix + parts
            self._copied(capture)
        self._count(parts)
        return parts

    def _copied(self, capture: Pattern) -> bool:
        """Give the capturing socket the copy that is due; returns whether none is left."""
        if self.held_copy is not None and not capture.try_send(self.held_copy):
            return False
        self.held_copy = None
        return True

    def ended(self) -> None:
        """Count what was taken and has found no room."""
        if self.held is not None:
            self.target.drop("queue-full", self.held)
            self.held = None
        if self.held_copy is not None and self.capture is not None:
            self.capture.drop("queue-full", self.held_copy)
            self.held_copy = None

    def _count(self, parts: list[bytes]) -> None:
        size = 0
        for part in parts:
            size += len(part)
        count = len(parts)
        self.source_figures.received += count
        self.source_figures.received_bytes += size
        self.target_figures.sent += count
        self.target_figures.sent_bytes += size


class Proxy(Task):
    """Passes messages between two sockets, which may be the same one, until the context ends.

    ``capture`` is sent all of them, behind ``prefixes`` that tell which side a message came from.
    ``swaps`` is for two ROUTERs: see _Way.
    """

    def __init__(
        self,
        frontend: Pattern,
        backend: Pattern,
        capture: Pattern | None,
        prefixes: tuple[list[bytes], list[bytes]] = ([], []),
        swaps: bool = False,
    ) -> None:
        super().__init__()
        forward = _Way(frontend, backend, capture, prefixes[0], swaps)
        self._ways = [forward]
        if frontend is not backend:
            back = _Way(backend, frontend, capture, prefixes[1], swaps)
            back.source_figures = forward.target_figures
            back.target_figures = forward.source_figures
            self._ways.append(back)

    def step(self) -> bool:
        """Give both sides a turn."""
        moved = 0
        for way in self._ways:
            moved += way.move()
        return moved > 0

    def ended(self) -> None:
        """Count what was taken and has found no room."""
        for way in self._ways:
            way.ended()

    def figures(self) -> list[bytes]:
        """Return the eight figures of STATISTICS: the frontend's, then the backend's."""
        way = self._ways[0]
        return way.source_figures.packed() + way.target_figures.packed()


class SteerableProxy(Proxy):
    """A proxy that obeys the commands that a socket receives.

    PAUSE and RESUME stop and start the messages, TERMINATE ends the proxy, STATISTICS is answered
    with eight figures. With ``replies``, as a REP needs them, everything else is answered with an
    empty message. What is no command changes nothing.
    """

    def __init__(
        self,
        frontend: Pattern,
        backend: Pattern,
        capture: Pattern | None,
        control: Pattern,
        replies: bool,
    ) -> None:
        super().__init__(frontend, backend, capture)
        self._control = control
        self._replies = replies
        self._paused = False
        self._reply: list[bytes] | None = None

    def step(self) -> bool:
        """Obey a command that has come, then give both sides a turn."""
        more = self._obey()
        if self.done or self._paused:
            return more
        return super().step() or more

    def _obey(self) -> bool:
        """Obey one command, unless the last reply has no room yet; returns whether it did."""
        control = self._control
        if not self._answer() or not control.can_recv():
            return False
        parts = control.try_recv()
        if parts is None:
            return False
        command = parts[0] if len(parts) == 1 else b""
        if command == PAUSE:
            self._paused = True
        elif command == RESUME:
            self._paused = False
        elif command == TERMINATE:
            self.done = True
        if command == STATISTICS:
            self._reply = self.figures()
        elif self._replies:
            self._reply = [b""]
        self._answer()
        return True

    def _answer(self) -> bool:
        """Send the reply that is due; returns whether none is left."""
        reply = self._reply
        if reply is not None and not self._control.try_send(reply):
            return False
        self._reply = None
        return True
