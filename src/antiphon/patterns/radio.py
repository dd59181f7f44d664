"""RADIO and DISH: each message goes to all who have joined its group (RFC 48, Z24).

They are the siblings of PUB and SUB. A message is ``[group, body]``, here as on the wire; a group
is joined by a message of one frame, 1 and the group, and left by 0 and the group. Groups match as
a whole, never by how they begin.
"""

from typing import Final

from antiphon.errors import OptionError
from antiphon.patterns.base import UNEXPECTED_MESSAGE
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.publisher import Pub
from antiphon.patterns.subscriber import Subscriber
from antiphon.patterns.threadsafe import SEVERAL_FRAMES, refuse_several
from antiphon.patterns.trie import SubscriptionTrie, cancel, is_change, subscribe
from antiphon.queue import MessageQueue

__all__ = ("GROUP_TOO_LONG", "MAX_GROUP", "NOT_JOINED", "Dish", "Radio")

#: How many octets a group has at most (RFC 48).
MAX_GROUP: Final = 255
#: Why a DISH is closed that joins a longer one.
GROUP_TOO_LONG: Final = "group-too-long"
#: Why a message is dropped whose group is not, or no longer, joined.
NOT_JOINED: Final = "not-joined"


class Radio(Pub):
    """RADIO: gives each message to the members of its group; full queues go without."""

    def try_send(self, parts: list[bytes]) -> bool:
        """Send ``[group, body]`` to all who joined the group; returns True, and never waits.

        XPUB_NODROP works as for a PUB. Raises ZMQError (EINVAL) for more frames, and OptionError
        for a group of more than 255 octets.
        """
        if len(parts) != 2:
            refuse_several(parts[1:])
        _check_size(parts[0])
        return self._publish(parts, self.trie.subscribers(parts[0]))

    def admits(self, trie: SubscriptionTrie, pipe: Pipe, topic: bytes) -> bool:
        """Tell whether a peer may join one more group; one that goes too far is closed (M5)."""
        if len(topic) > MAX_GROUP:
            pipe.end.close_peer(GROUP_TOO_LONG)
            return False
        return super().admits(trie, pipe, topic)

    def _receive(self, pipe: Pipe, parts: list[bytes]) -> None:
        """Let a peer join or leave; anything else is not for a RADIO (M6)."""
        if len(parts) == 1 and is_change(parts[0]):
            self._change(pipe, parts[0], [])
        else:
            self.drop(UNEXPECTED_MESSAGE, parts)


class Dish(Subscriber):
    """DISH: joins groups, and gets nothing of any other."""

    def join(self, group: bytes) -> None:
        """Ask for the messages of a group.

        Raises OptionError for more than 255 octets, and for a group that has been joined.
        """
        _check_size(group)
        if group in self._counts:
            raise OptionError("group", group, "the socket has joined it already")
        self.change(subscribe(group))

    def leave(self, group: bytes) -> None:
        """Ask for no more messages of a group. Raises OptionError for one that is not joined."""
        if group not in self._counts:
            raise OptionError("group", group, "the socket has not joined it")
        self.change(cancel(group))

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue the messages of the groups that are joined; others are dropped and counted.

        The group may have been left while the message was on its way.
        """
        wanted = MessageQueue()
        for parts in messages:
            if len(parts) == 2 and parts[0] in self._counts:
                wanted.put(parts)
            else:
                pipe.received += 1
                self.drop(NOT_JOINED if len(parts) == 2 else SEVERAL_FRAMES, parts)
        messages.clear()
        if wanted:
            super().deliver(pipe, wanted)


def _check_size(group: bytes) -> None:
    if len(group) > MAX_GROUP:
        raise OptionError("group", group, f"it has {len(group)} bytes: 255 are the most")
