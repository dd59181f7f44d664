"""SUB and XSUB: take what they have subscribed to, from every publisher in turn (RFC 29)."""

from typing import Final

from antiphon.options import SocketOptions
from antiphon.patterns.base import PEER_GONE, QUEUE_FULL
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.receiving import Receiving
from antiphon.patterns.schedule import FanOut
from antiphon.patterns.trie import (
    SubscriptionTrie,
    cancel,
    is_change,
    subscribe,
    without_changes,
)
from antiphon.queue import MessageQueue

__all__ = ("NOT_SUBSCRIBED", "SLOW_PUBLISHER", "Sub", "Subscriber", "Xsub")

#: Why a message is dropped that no subscription covers.
NOT_SUBSCRIBED: Final = "not-subscribed"
#: Why a publisher is closed that does not read our subscriptions.
SLOW_PUBLISHER: Final = "slow-publisher"


class Subscriber(Receiving):
    """What subscribes to publishers: each of them hears of all that it wants."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.fan_out = FanOut()
        # How often each topic was subscribed to (Z20).
        self._counts: dict[bytes, int] = {}

    def outlasts(self, pipe: Pipe) -> bool:
        """Tell that what a peer has sent is given, in the bounds of a queue."""
        return self.has_room_for_departed()

    def change(self, part: bytes) -> None:
        """Subscribe, or end a subscription, and tell the publishers.

        They are told of each subscription, but only of the end of the last one of a topic; under
        XSUB_VERBOSE_UNSUBSCRIBE of each end.
        """
        if self.count(part):
            for pipe in self.fan_out.everybody():
                self._pass_on(pipe, part)

    def count(self, part: bytes) -> bool:
        """Take note of a change; returns whether the publishers are to be told."""
        topic = part[1:]
        count = self._counts.get(topic, 0)
        if part[0]:
            self._counts[topic] = count + 1
        elif count > 1:
            self._counts[topic] = count - 1
        elif count:
            del self._counts[topic]
        return part[0] == 1 or count == 1 or self.options.xsub_verbose_unsubscribe

    def _pass_on(self, pipe: Pipe, part: bytes) -> None:
        """Queue a change at a publisher, even at one whose queue is full.

        Who is not connected hears of all subscriptions once it is. A publisher that reads none of
        a great many is closed; it hears of what is left when it comes again.
        """
        if not pipe.peer_type:
            return
        if pipe.blocked and len(pipe.outbound) >= 2 * (pipe.send_limit + len(self._counts)):
            pipe.end.close_peer(SLOW_PUBLISHER)
            return
        pipe.push([part])

    def topics_count(self) -> int:
        """Return how many different topics this socket has subscribed to."""
        return len(self._counts)

    def attach(self, pipe: Pipe) -> str:
        """Take in a publisher."""
        self.fan_out.add(pipe)
        return super().attach(pipe)

    def connected(self, pipe: Pipe) -> None:
        """Tell a publisher all subscriptions, before anything else that waits for it."""
        if self._counts:
            pipe.replace_outbound([[subscribe(topic)] for topic in self._counts] + pipe.outbound)

    def interrupted(self, pipe: Pipe) -> None:
        """Leave out what was not told: the next connection begins with all subscriptions."""
        self._keep_messages(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Forget a publisher and destroy its queues."""
        self.fan_out.remove(pipe)
        self._keep_messages(pipe)
        super().detach(pipe)

    def retire(self, pipe: Pipe) -> None:
        """Send nothing more to a publisher than what waits for it."""
        super().retire(pipe)
        self.fan_out.remove(pipe)
        self._keep_messages(pipe)

    def _keep_messages(self, pipe: Pipe) -> None:
        """Take out of what waits for a publisher the changes, which it is told of anew, or not.

        A message that would look like a change without them is dropped, counted.
        """
        kept: list[list[bytes]] = []
        for parts in pipe.outbound:
            others = without_changes(parts, self.options.only_first_subscribe)
            if others and is_change(others[0]):
                self.drop(PEER_GONE, others)
            elif others:
                kept.append(others)
        pipe.replace_outbound(kept)


class Xsub(Subscriber):
    """XSUB: subscribes by messages, and sends others to every publisher."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Subscribe by ``[1 topic]``, end that by ``[0 topic]``; the rest goes to all publishers.

        Returns True, and never waits: copies for which a queue has no room are dropped and
        counted. Under ONLY_FIRST_SUBSCRIBE only the first frame may be a subscription; otherwise
        any may be, and is sent where it is, as libzmq does.
        """
        only_first = self.options.only_first_subscribe
        others = without_changes(parts, only_first)
        if len(others) == len(parts):
            for _ in range(self.fan_out.send(parts, self.fan_out.everybody())):
                self.drop(QUEUE_FULL, parts)
        elif others:
            self._send_mixed(parts, others, only_first)
        else:
            for part in parts:
                self.change(part)
        return True

    def _send_mixed(self, parts: list[bytes], others: list[bytes], only_first: bool) -> None:
        """Send a message some of whose frames are changes, and without those to be kept quiet.

        Who is not connected yet hears of them when it is; who has no room, by themselves.
        """
        changes: list[bytes] = []
        whole: list[bytes] = []
        for number, part in enumerate(parts):
            if is_change(part) and not (only_first and number):
                if not self.count(part):
                    continue
                changes.append(part)
            whole.append(part)
        for pipe in self.fan_out.everybody():
            if not pipe.blocked:
                pipe.push(whole if pipe.peer_type else others)
                continue
            self.drop(QUEUE_FULL, others)
            for part in changes:
                self._pass_on(pipe, part)

    def can_send(self) -> bool:
        """Return True."""
        return True

    def check_send(self) -> None:
        """Allow a message at any time."""


class Sub(Subscriber):
    """SUB: subscribes by options, and gets nothing that it has not subscribed to."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self._trie = SubscriptionTrie()
        # Stands for this socket in its own trie.
        self._self = Pipe(options)

    def subscribe(self, topic: bytes) -> None:
        """Ask for messages that begin with ``topic``, once more."""
        self._trie.add(topic, self._self)
        self.change(subscribe(topic))

    def unsubscribe(self, topic: bytes) -> None:
        """End one subscription; a topic that was never subscribed to is ignored."""
        self.change(cancel(topic))
        if topic not in self._counts:
            self._trie.remove(topic, self._self)

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue what is subscribed to; what comes all the same is dropped and counted.

        The subscription may have ended while the message was on its way.
        """
        if self.options.invert_matching or b"" not in self._counts:
            self._sift(pipe, messages)
        if messages:
            super().deliver(pipe, messages)

    def _sift(self, pipe: Pipe, messages: MessageQueue) -> None:
        inverted = self.options.invert_matching
        wanted = MessageQueue()
        for parts in messages:
            if self._trie.matches(parts[0]) != inverted:
                wanted.put(parts)
            else:
                pipe.received += 1
                self.drop(NOT_SUBSCRIBED, parts)
        messages.clear()
        messages.move(wanted)
