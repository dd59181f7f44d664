"""Who is next: fair queuing for what comes in, load balancing or fanning out for what goes out.

The chapter's words: a fair queue takes one message from each peer in turn (R28.14, R28.30,
R28.38), a load balancer gives one message to each available peer in turn (R28.5, R28.27), and
fanning out gives it to many peers at once, those that have no room going without (RFC 29).
"""

from collections import deque

from antiphon.patterns.pipe import Pipe, message_size

__all__ = ("FairQueue", "FanOut", "LoadBalancer")


class FairQueue:
    """Takes one message from each pipe that has some, in turn."""

    def __init__(self) -> None:
        #: The pipes that have messages, the next one first.
        self.ready: deque[Pipe] = deque()
        #: The pipe that the last message came from.
        self.last: Pipe | None = None

    def activate(self, pipe: Pipe) -> None:
        """Say that a pipe has messages."""
        if not pipe.in_fair_queue:
            pipe.in_fair_queue = True
            self.ready.append(pipe)

    def remove(self, pipe: Pipe) -> None:
        """Forget a pipe."""
        if pipe.in_fair_queue:
            pipe.in_fair_queue = False
            self.ready.remove(pipe)
        if self.last is pipe:
            self.last = None

    def take(self) -> list[bytes] | None:
        """Return the next message, or None; ``last`` is then the pipe that it came from.

        That pipe may have been detached meanwhile.
        """
        ready = self.ready
        if not ready:
            return None
        pipe = ready[0]
        try:
            # This may make the far end read on, which may bring more messages, end the connection,
            # or show somebody an event who raises.
            return pipe.take_inbound()
        finally:
            if ready and ready[0] is pipe:
                if not pipe.inbound:
                    ready.popleft()
                    pipe.in_fair_queue = False
                elif len(ready) > 1:
                    ready.rotate(-1)
            self.last = pipe


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
