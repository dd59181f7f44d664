"""REQ, REP and DEALER: the request-reply sockets of the chapter, but for ROUTER (RFC 28)."""

from typing import Final

from antiphon.errors import StateError
from antiphon.options import SocketOptions
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.receiving import Receiving
from antiphon.patterns.schedule import LoadBalancer
from antiphon.queue import MessageQueue

__all__ = (
    "Dealer",
    "Rep",
    "Req",
)

_DELIMITER: Final = b""


class Dealer(Receiving):
    """DEALER: load-balances out, fair-queues in, knows nothing of envelopes."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.balancer = LoadBalancer()

    def try_send(self, parts: list[bytes]) -> bool:
        """Send to the next peer that has room (R28.26 to R28.29)."""
        return self.balancer.send(parts) is not None

    def check_send(self) -> None:
        """Allow a message at any time."""

    def can_send(self) -> bool:
        """Tell whether a peer has room."""
        return len(self.balancer.ready) > 0

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer."""
        if not pipe.blocked:
            self.balancer.activate(pipe)
        return super().attach(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer and destroy its queues (R28.24)."""
        self.balancer.remove(pipe)
        super().detach(pipe)

    def interrupted(self, pipe: Pipe) -> None:
        """Under HICCUP_MSG, tell the application that a peer has gone."""
        if self.options.hiccup_msg:
            self.tell(pipe, self.options.hiccup_msg)

    def retire(self, pipe: Pipe) -> None:
        """Balance onto this peer no longer."""
        super().retire(pipe)
        self.balancer.remove(pipe)

    def writable(self, pipe: Pipe) -> None:
        """Balance onto this peer again."""
        self.balancer.activate(pipe)
        self.changed()


class Req(Dealer):
    """REQ: one request at a time, and its reply from the peer that was asked."""

    def __init__(self, options: SocketOptions, first_request_id: int) -> None:
        super().__init__(options)
        self._request_id = first_request_id & 0xFFFFFFFF
        self._waiting = False
        self._asked: Pipe | None = None
        self._answered: Pipe | None = None
        self._reply: list[bytes] | None = None
        # The frames before a reply's body: the request's id under REQ_CORRELATE, the delimiter.
        self._expected: list[bytes] = [_DELIMITER]

    def try_send(self, parts: list[bytes]) -> bool:
        """Send a request to the next peer (R28.2 to R28.7).

        Raises StateError while a reply is awaited, unless REQ_RELAXED is set.
        """
        self.check_send()
        if not self.balancer.ready:
            return False
        if self._reply is not None:
            self.drop("unexpected-reply", self._reply)
        expected = self._next_envelope()
        self._asked = self.balancer.send(expected + parts)
        self._expected = expected
        self._reply = None
        self._waiting = True
        return True

    def check_send(self) -> None:
        """Raise StateError while a reply is awaited, unless REQ_RELAXED is set."""
        if self._waiting and not self.options.req_relaxed:
            raise StateError("this REQ has sent a request: receive its reply first")

    def _next_envelope(self) -> list[bytes]:
        if not self.options.req_correlate:
            return [_DELIMITER]
        self._request_id = (self._request_id + 1) & 0xFFFFFFFF
        return [self._request_id.to_bytes(4, "big"), _DELIMITER]

    def try_recv(self) -> list[bytes] | None:
        """Return the reply's body or None. Raises StateError if nothing was asked."""
        if not self._waiting:
            raise StateError("this REQ has no request under way: send one first")
        reply = self._reply
        if reply is None:
            return None
        self._waiting = False
        self._answered = self._asked
        self._asked = None
        self._reply = None
        return reply

    def last_sender(self) -> Pipe | None:
        """Return the peer that gave the last reply."""
        return self._answered

    def can_send(self) -> bool:
        """Tell whether a request may go out now."""
        if self._waiting and not self.options.req_relaxed:
            return False
        return len(self.balancer.ready) > 0

    def can_recv(self) -> bool:
        """Tell whether the reply is there."""
        return self._reply is not None

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer; a reply that it gave already stays."""
        super().detach(pipe)
        if self._asked is pipe:
            self._asked = None
        if self._answered is pipe:
            self._answered = None

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Keep the reply that is awaited; drop all else, counted (R28.8, R28.9)."""
        for parts in messages.drain():
            pipe.received += 1
            self._accept(pipe, parts)

    def _accept(self, pipe: Pipe, parts: list[bytes]) -> None:
        if not self._waiting or pipe is not self._asked or self._reply is not None:
            self.drop("unexpected-reply", parts)
            return
        size = len(self._expected)
        if len(parts) <= size or parts[:size] != self._expected:
            self.drop("wrong-envelope", parts)
            return
        self._reply = parts[size:]
        self.changed()


class Rep(Receiving):
    """REP: one request at a time, answered along the envelope that it came with."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._envelope: list[bytes] = []
        self._asker: Pipe | None = None
        self._answering = False

    def try_send(self, parts: list[bytes]) -> bool:
        """Send the reply; never blocks (R28.17 to R28.19). Raises StateError without a request."""
        self.check_send()
        self._answering = False
        pipe = self._asker
        self._asker = None
        reply = self._envelope + parts
        if pipe is None or pipe.retired:
            self.drop(PEER_GONE, reply)
        elif pipe.blocked:
            self.drop(QUEUE_FULL, reply)
        else:
            pipe.push(reply)
        return True

    def check_send(self) -> None:
        """Raise StateError while there is no request to answer."""
        if not self._answering:
            raise StateError("this REP has no request to answer: receive one first")

    def try_recv(self) -> list[bytes] | None:
        """Return a request's body or None (R28.14 to R28.16).

        Raises StateError while the last request is unanswered.
        """
        if self._answering:
            raise StateError("this REP has a request to answer: send the reply first")
        parts = self.fair_queue.take()
        if parts is None:
            return None
        body = parts.index(_DELIMITER) + 1
        self._envelope = parts[:body]
        pipe = self.fair_queue.last
        self._asker = pipe if pipe is not None and pipe.attached else None
        self._answering = True
        return parts[body:]

    def can_send(self) -> bool:
        """Tell whether a request waits for its reply."""
        return self._answering

    def can_recv(self) -> bool:
        """Tell whether a request may be received now."""
        return not self._answering and len(self.fair_queue) > 0

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer; a reply to it will be counted as ``peer-gone``."""
        pipe.attached = False
        self.interrupted(pipe)

    def interrupted(self, pipe: Pipe) -> None:
        """Drop requests whose sender can no longer match the reply."""
        self.fair_queue.remove(pipe)
        self.drop_queues(pipe)
        if self._asker is pipe:
            self._asker = None

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue requests; drop those without a delimiter and a body (R28.13, K2)."""
        for parts in messages.drain():
            pipe.received += 1
            if _DELIMITER in parts and parts.index(_DELIMITER) < len(parts) - 1:
                pipe.inbound.put(parts)
            else:
                self.drop("wrong-envelope", parts)
        if len(pipe.inbound) > 0:
            self.fair_queue.activate(pipe)
            self.changed()
