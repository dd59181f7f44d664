"""PUB and XPUB: each message goes to all who subscribed to its topic, and waits for none (RFC 29).

A peer's subscription is a message of one frame, 1 and the topic; its end is 0 and the topic. As
libzmq's subscribers tell each time that they subscribe but only the last end, one end is enough
here, however often the peer has subscribed.
"""

from typing import Final

from antiphon.errors import OptionError
from antiphon.options import SocketOptions
from antiphon.patterns.base import QUEUE_FULL, SENDER_GONE, UNEXPECTED_MESSAGE, Pattern
from antiphon.patterns.changes import Changes
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.schedule import FairQueue, FanOut
from antiphon.patterns.trie import SubscriptionTrie, cancel, cut_at_changes, is_change
from antiphon.queue import MessageQueue

__all__ = (
    "MAX_TOPIC",
    "TOO_MANY_SUBSCRIPTIONS",
    "TOPIC_TOO_LONG",
    "Pub",
    "Xpub",
)

#: The octets of the longest topic that a peer may ask for.
MAX_TOPIC: Final = 4096
#: Why a peer is closed that asks for more, or for more topics than MAX_TOPICS and MAX_TOPICS_BYTES
#: let it have (M5).
TOPIC_TOO_LONG: Final = "topic-too-long"
TOO_MANY_SUBSCRIPTIONS: Final = "too-many-subscriptions"


class Pub(Pattern):
    """PUB: gives each message to its subscribers; those whose queue is full go without."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.fan_out = FanOut()
        self.trie = SubscriptionTrie()

    # Out.

    def try_send(self, parts: list[bytes]) -> bool:
        """Send to all subscribers of the first frame; returns True, and never waits.

        Copies for which a queue has no room are dropped and counted; under XPUB_NODROP nothing is
        sent then, and False returned.
        """
        return self._publish(parts, self._audience(parts[0]))

    def _audience(self, topic: bytes) -> list[Pipe]:
        found = self.trie.match(topic)
        return self.fan_out.all_but(found) if self.options.invert_matching else found

    def _publish(self, parts: list[bytes], audience: list[Pipe]) -> bool:
        if self.options.xpub_nodrop and any(pipe.blocked for pipe in audience):
            return False
        for _ in range(self.fan_out.send(parts, audience)):
            self.drop(QUEUE_FULL, parts)
        return True

    def check_send(self) -> None:
        """Allow a message at any time."""

    def can_send(self) -> bool:
        """Return True, under XPUB_NODROP too: what those who are full do not want has room."""
        return True

    def topics_count(self) -> int:
        """Return how many different topics have subscribers now."""
        return self.trie.topics

    # Peers.

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer."""
        pipe.attached = True
        self.fan_out.add(pipe)
        return ""

    def connected(self, pipe: Pipe) -> None:
        """Forget what the peer had subscribed to before the connection broke: it says so again."""
        self._forget(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer and destroy its queues."""
        pipe.attached = False
        self.fan_out.remove(pipe)
        self._forget(pipe)
        self.drop_queues(pipe)
        self.changed()

    def retire(self, pipe: Pipe) -> None:
        """Publish nothing more to a peer."""
        super().retire(pipe)
        self.fan_out.remove(pipe)
        self._forget(pipe)

    def writable(self, pipe: Pipe) -> None:
        """A send under XPUB_NODROP may go on."""
        self.changed()

    def _forget(self, pipe: Pipe) -> None:
        verboser = self.options.xpub_verboser
        held = self.trie.prefixes(pipe) if verboser else []
        gone = self.trie.remove_subscriber(pipe)
        for topic in held if verboser else gone:
            self._tell(cancel(topic), True, None)

    # In.

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Take subscriptions; anything else is not for a PUB."""
        for parts in messages:
            pipe.received += 1
            if pipe.attached:
                self._receive(pipe, parts)
            else:  # it has just been closed for what came before this
                self.drop(SENDER_GONE, parts)
        messages.clear()

    def _receive(self, pipe: Pipe, parts: list[bytes]) -> None:
        """Obey the frames that are subscriptions; pass on the others.

        What follows a subscription that the peer is closed for is not obeyed.
        """
        only_first = self.options.only_first_subscribe
        others: list[bytes] = []
        for number, part in enumerate(parts):
            if not is_change(part) or (only_first and number):
                others.append(part)
            elif pipe.attached and self._change(pipe, part, others):
                others = []
        if not others:
            return
        if pipe.attached:
            self._take(pipe, others)
        else:
            self.drop(SENDER_GONE, others)

    def _change(self, pipe: Pipe, part: bytes, before: list[bytes]) -> bool:
        """Obey a change; returns whether the application sees it, after the frames ``before``."""
        topic = part[1:]
        options = self.options
        if not part[0]:
            news = self.trie.remove(topic, pipe)
            told = news or options.xpub_verboser
        elif self.admits(self.trie, pipe, topic):
            news = self.trie.add(topic, pipe)
            told = news or options.xpub_verbose or options.xpub_verboser
        else:
            return False
        return told and self._show(pipe, part, news, before)

    def admits(self, trie: SubscriptionTrie, pipe: Pipe, topic: bytes) -> bool:
        """Tell whether a peer may have one more topic; one that goes too far is closed (M5)."""
        if pipe.retired:
            return False
        if len(topic) > MAX_TOPIC:
            pipe.end.close_peer(TOPIC_TOO_LONG)
            return False
        options = self.options
        most, most_octets = options.max_topics, options.max_topics_bytes
        full = 0 < most <= trie.count(pipe)
        full |= 0 < most_octets < trie.octets(pipe) + len(topic)
        if full and not trie.holds(topic, pipe):
            pipe.end.close_peer(TOO_MANY_SUBSCRIPTIONS)
            return False
        return True

    def _take(self, pipe: Pipe, parts: list[bytes]) -> None:
        """Drop what is no subscription, counted (M6)."""
        self.drop(UNEXPECTED_MESSAGE, parts)

    def _show(self, pipe: Pipe, part: bytes, news: bool, before: list[bytes]) -> bool:
        """Subscriptions are not shown to the application (RFC 29)."""
        return False

    def _tell(self, part: bytes, news: bool, pipe: Pipe | None) -> None:
        """Nor are those that end with a peer."""


class Xpub(Pub):
    """XPUB: a PUB that shows subscriptions to the application, and takes messages from peers.

    As with libzmq, a message in which a frame is a subscription ends with that frame for the
    application. What a peer has said is told in its order.
    """

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.fair_queue = FairQueue()
        # Subscriptions and their ends to show, and under XPUB_MANUAL what each peer asked for,
        # and whose message was received last.
        self._untold = Changes()
        self._asked = SubscriptionTrie()
        self._last: Pipe | None = None
        self._sender: Pipe | None = None

    def try_send(self, parts: list[bytes]) -> bool:
        """Send as a PUB does; under XPUB_MANUAL_LAST_VALUE first to the last sender alone."""
        audience = self._audience(parts[0])
        last = self._last
        if last is not None and self.options.xpub_manual_last_value:
            audience = [last] if last in audience else []
            if self._publish(parts, audience):
                self._last = None
                return True
            return False
        return self._publish(parts, audience)

    def try_recv(self) -> list[bytes] | None:
        """Return a subscription, ``[1 topic]``, its end, ``[0 topic]``, or a peer's message."""
        if self._untold:
            self._last = None
            part, self._sender = self._untold.take()
            return [part]
        parts = self.fair_queue.take()
        while parts is not None and self._manual() and not self._ask(parts):
            parts = self.fair_queue.take()
        self._sender = self.fair_queue.last
        return parts

    def last_sender(self) -> Pipe | None:
        """Return the peer of the last message; None for what ended with a peer that has gone."""
        return self._sender

    def can_recv(self) -> bool:
        """Tell whether there is something to receive."""
        return len(self._untold) > 0 or len(self.fair_queue) > 0

    def _manual(self) -> bool:
        return self.options.xpub_manual or self.options.xpub_manual_last_value

    def _ask(self, parts: list[bytes]) -> bool:
        """Note what the sender of the message in hand asks for; False if it is closed for it."""
        self._last = None
        pipe = self.fair_queue.last
        if pipe is None or not pipe.attached or pipe.retired:
            return True
        part = parts[-1]
        if self._is_told(parts):
            if not part[0]:
                self._asked.remove(part[1:], pipe)
            elif self.admits(self._asked, pipe, part[1:]):
                self._asked.add(part[1:], pipe)
            else:
                return False
        self._last = pipe
        return True

    def _is_told(self, parts: list[bytes]) -> bool:
        """Tell whether a message in a peer's queue ends with a subscription, or with its end."""
        return is_change(parts[-1]) and not (self.options.only_first_subscribe and len(parts) > 1)

    def subscribe(self, topic: bytes) -> None:
        """Under XPUB_MANUAL, let the peer whose message came last have a topic.

        Raises OptionError without XPUB_MANUAL.
        """
        self._check_manual("SUBSCRIBE")
        if self._last is not None:
            self.trie.add(topic, self._last)

    def unsubscribe(self, topic: bytes) -> None:
        """Under XPUB_MANUAL, take a topic from the peer whose message came last.

        Raises OptionError without XPUB_MANUAL.
        """
        self._check_manual("UNSUBSCRIBE")
        if self._last is not None:
            self.trie.remove(topic, self._last)

    def _check_manual(self, option: str) -> None:
        if not self._manual():
            raise OptionError(option, None, "an XPUB has it under XPUB_MANUAL only")

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer."""
        if pipe.inbound:
            self.fair_queue.activate(pipe)
        return super().attach(pipe)

    def connected(self, pipe: Pipe) -> None:
        """Greet a new subscriber with XPUB_WELCOME_MSG."""
        super().connected(pipe)
        welcome = self.options.xpub_welcome_msg
        if welcome and not pipe.blocked:
            pipe.push([welcome])

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer; the application is told of the subscriptions that end with it."""
        self.fair_queue.remove(pipe)
        super().detach(pipe)

    def _forget(self, pipe: Pipe) -> None:
        if self._last is pipe:
            self._last = None
        if self._sender is pipe:
            self._sender = None
        if not self._manual():
            self._tell_now(pipe)
            super()._forget(pipe)
            return
        self.trie.remove_subscriber(pipe)
        asked = self._asked.prefixes(pipe)
        self._asked.remove_subscriber(pipe)
        for topic in asked:
            self._tell(cancel(topic), True, None)

    def _tell_now(self, pipe: Pipe) -> None:
        """Tell what the application would have read in the queue of a peer that goes.

        Its ends of subscriptions must not come before the subscriptions, nor be lost.
        """
        waiting = list(pipe.inbound)
        pipe.inbound.clear()
        for parts in waiting:
            told = self._is_told(parts)
            if told:
                self._tell(parts[-1], True, pipe)
            if not told or len(parts) > 1:
                pipe.inbound.put(parts[:-1] if told else parts)
        if not pipe.inbound:
            self.fair_queue.remove(pipe)

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Take subscriptions and messages; under XPUB_MANUAL all of it is for the application."""
        if not self._manual():
            super().deliver(pipe, messages)
            return
        only_first = self.options.only_first_subscribe
        for parts in messages:
            pipe.received += 1
            for message in cut_at_changes(parts, only_first):
                self._take(pipe, message)
        messages.clear()

    def _take(self, pipe: Pipe, parts: list[bytes]) -> None:
        """Queue a message of a peer, which has been counted."""
        pipe.inbound.put(parts)
        self.fair_queue.activate(pipe)
        self.changed()

    def _show(self, pipe: Pipe, part: bytes, news: bool, before: list[bytes]) -> bool:
        """Show a change to the application, after all that the peer has said before."""
        if before or pipe.inbound:
            self._take(pipe, [*before, part])
        else:
            self._tell(part, news, pipe)
        return True

    def _tell(self, part: bytes, news: bool, pipe: Pipe | None) -> None:
        """Show a change to the application."""
        if self._untold.add(part, news, self.options.rcvhwm, pipe):
            self.changed()
        else:
            self.drop(QUEUE_FULL, [part])
