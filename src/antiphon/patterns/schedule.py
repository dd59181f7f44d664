"""Who is next: fair queuing for what comes in, load balancing or fanning out for what goes out.

The chapter's words: a fair queue takes one message from each peer in turn (R28.14, R28.30,
R28.38), a load balancer gives one message to each available peer in turn (R28.5, R28.27), and
fanning out gives it to many peers at once, those that have no room going without (RFC 29).
"""

from collections import deque
from collections.abc import Iterator

from antiphon.patterns.pipe import Pipe, message_size

__all__ = ("FairQueue", "FanOut", "LoadBalancer")


class FairQueue:
    """Takes one message from each pipe that has some, in turn."""

    def __init__(self) -> None:
        # The pipes whose turn is still to come in this round, the next one last, and those of
        # the next round, the first one first.
        self._round: list[Pipe] = []
        self._later: list[Pipe] = []
        #: The pipe that the last message came from.
        self.last: Pipe | None = None

    def __len__(self) -> int:
        return len(self._round) + len(self._later)

    def __iter__(self) -> Iterator[Pipe]:
        return iter([*self._round[::-1], *self._later])

    def activate(self, pipe: Pipe) -> None:
        """Say that a pipe has messages."""
        if not pipe.in_fair_queue:
            pipe.in_fair_queue = True
            self._later.append(pipe)

    def remove(self, pipe: Pipe) -> None:
        """Forget a pipe."""
        if pipe.in_fair_queue:
            pipe.in_fair_queue = False
            (self._round if pipe in self._round else self._later).remove(pipe)
        if self.last is pipe:
            self.last = None

    def take(self) -> list[bytes] | None:
        """Return the next message, or None; ``last`` is then the pipe that it came from.

        That pipe may have been detached meanwhile.
        """
        waiting = self._round
        if not waiting:
            if not self._later:
                return None
            self._round, self._later = self._later, waiting
            waiting = self._round
            waiting.reverse()
        pipe = waiting[-1]
        try:
            # This may make the far end read on, which may bring more messages, end the connection,
            # or show somebody an event who raises.
            return pipe.take_inbound()
        finally:
            self.last = pipe
            if waiting and waiting[-1] is pipe:
                inbound = pipe.inbound
                # len() of a class of ours is dear, interpreted, and this is asked for each message.
                if not (inbound.front or inbound.back):
                    waiting.pop()
                    pipe.in_fair_queue = False
                elif len(waiting) > 1 or self._later:
                    self._later.append(waiting.pop())


class LoadBalancer:
    """Gives out the pipes that have room, in turn."""

    def __init__(self) -> None:
        #: The pipes with room, the next one first.
        self.ready: deque[Pipe] = deque()

    def activate(self, pipe: Pipe) -> None:
        """Say that a pipe has room."""
        if not pipe.in_balancer and not pipe.retired:
            pipe.in_balancer = True
            self.ready.append(pipe)

    def remove(self, pipe: Pipe) -> None:
        """Forget a pipe."""
        if pipe.in_balancer:
            pipe.in_balancer = False
            self.ready.remove(pipe)

    def send(self, parts: list[bytes]) -> Pipe | None:
        """Queue a message at the next pipe and return it; None if no pipe has room."""
        ready = self.ready
        if not ready:
            return None
        pipe = ready[0]
        pipe.push(parts)
        if pipe.blocked:
            self.remove(pipe)
        elif len(ready) > 1:
            ready.rotate(-1)
        return pipe


class FanOut:
    """Gives a message to many pipes and waits for none."""

    def __init__(self) -> None:
        #: The pipes that take part, in the order in which they came.
        self.pipes: dict[Pipe, Pipe] = {}

    def add(self, pipe: Pipe) -> None:
        """Let a pipe take part."""
        if not pipe.retired:
            self.pipes[pipe] = pipe

    def remove(self, pipe: Pipe) -> None:
        """Forget a pipe."""
        self.pipes.pop(pipe, None)

    def everybody(self) -> list[Pipe]:
        """Return all pipes that take part."""
        return list(self.pipes)

    def all_but(self, others: list[Pipe]) -> list[Pipe]:
        """Return the pipes that are not among ``others``."""
        left_out = dict.fromkeys(others, True)
        return [pipe for pipe in self.pipes if pipe not in left_out]

    def send(self, parts: list[bytes], pipes: list[Pipe]) -> int:
        """Queue a message at each of ``pipes``; returns how many had no room for it."""
        full = 0
        size = message_size(parts)
        for pipe in pipes:
            if pipe.blocked:
                full += 1
            else:
                pipe.push(parts, size)
        return full
