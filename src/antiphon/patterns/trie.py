"""Which peers have subscribed to a topic: prefixes and the pipes that asked for them (Z20).

A prefix is looked up in a dict by what it is, not walked to octet by octet: one lookup for each
length that prefixes have, whatever their number. So that a peer cannot make that costly with long
prefixes of every length, they are laid out in steps of 32 octets, each with dicts of its own: a
topic costs at most one lookup of at most 32 octets for each of its octets, and nothing recurses
(CVE-2020-... row M5).
"""

from typing import Final

from antiphon.patterns.pipe import Pipe

__all__ = (
    "SubscriptionTrie",
    "cancel",
    "cut_at_changes",
    "is_change",
    "subscribe",
    "without_changes",
)

#: How many octets one step of the trie covers.
_STEP: Final = 32
_NOBODY: Final[list[Pipe]] = []


def subscribe(topic: bytes) -> bytes:
    """Return the frame that subscribes to a topic."""
    return b"\x01" + topic


def cancel(topic: bytes) -> bytes:
    """Return the frame that ends a subscription."""
    return b"\x00" + topic


def is_change(part: bytes) -> bool:
    """Tell whether a frame subscribes or ends a subscription; its first octet is then 1 or 0."""
    return len(part) > 0 and part[0] <= 1


def without_changes(parts: list[bytes], only_first: bool) -> list[bytes]:
    """Return the frames of a message that are no changes.

    With ``only_first``, as ONLY_FIRST_SUBSCRIBE says, only the first frame may be a change.
    """
    candidates = parts[:1] if only_first else parts
    return [part for part in candidates if not is_change(part)] + parts[len(candidates) :]


def cut_at_changes(parts: list[bytes], only_first: bool) -> list[list[bytes]]:
    """Return the messages that an XPUB's application sees of one: each change ends one.

    ``only_first`` is that of without_changes().
    """
    messages: list[list[bytes]] = []
    begun: list[bytes] = []
    for number, part in enumerate(parts):
        begun.append(part)
        if is_change(part) and not (only_first and number):
            messages.append(begun)
            begun = []
    return [*messages, begun] if begun else messages


class _Step:
    """The prefixes that have the octets before this step in common."""

    def __init__(self) -> None:
        #: Who subscribed to the prefix that ends so, in less than a step from here.
        self.subscribers: dict[bytes, list[Pipe]] = {}
        #: The lengths of the keys of ``subscribers``, the shortest first, and how many have each.
        self.lengths: list[int] = []
        self.counts: dict[int, int] = {}
        #: The steps that follow, by the octets of this one.
        self.following: dict[bytes, _Step] = {}

    def of(self, end: bytes) -> list[Pipe]:
        """Return the subscribers of the prefix that ends so; the list may be added to."""
        found = self.subscribers.get(end)
        if found is None:
            found = self.subscribers[end] = []
            length = len(end)
            self.counts[length] = self.counts.get(length, 0) + 1
            if self.counts[length] == 1:
                self.lengths = sorted(self.counts)
        return found

    def forget(self, end: bytes) -> None:
        """Remove a prefix."""
        del self.subscribers[end]
        length = len(end)
        self.counts[length] -= 1
        if not self.counts[length]:
            del self.counts[length]
            self.lengths = sorted(self.counts)

    def empty(self) -> bool:
        """Tell whether nothing is left."""
        return not self.subscribers and not self.following


class SubscriptionTrie:
    """The subscriptions of all peers of one socket; a peer has a prefix or has it not."""

    def __init__(self) -> None:
        #: How many distinct prefixes have a subscriber (TOPICS_COUNT).
        self.topics = 0
        self._root = _Step()
        # The prefixes of each subscriber, in the order in which they came.
        self._held: dict[Pipe, dict[bytes, bool]] = {}
        # How many octets those have in all.
        self._octets: dict[Pipe, int] = {}

    def add(self, prefix: bytes, pipe: Pipe) -> bool:
        """Subscribe; returns whether nobody had this prefix before."""
        held = self._held.get(pipe)
        if held is None:
            held = self._held[pipe] = {}
        if prefix in held:
            return False
        held[prefix] = True
        self._octets[pipe] = self.octets(pipe) + len(prefix)
        step = self._root
        start = 0
        while len(prefix) - start >= _STEP:
            octets = prefix[start : start + _STEP]
            following = step.following.get(octets)
            if following is None:
                following = step.following[octets] = _Step()
            step = following
            start += _STEP
        subscribers = step.of(prefix[start:])
        subscribers.append(pipe)
        if len(subscribers) > 1:
            return False
        self.topics += 1
        return True

    def remove(self, prefix: bytes, pipe: Pipe) -> bool:
        """End a subscription; returns whether there was one and nobody has the prefix now."""
        held = self._held.get(pipe)
        if held is None or prefix not in held:
            return False
        del held[prefix]
        self._octets[pipe] -= len(prefix)
        if not held:
            del self._held[pipe]
            del self._octets[pipe]
        return self._remove(prefix, pipe)

    def remove_subscriber(self, pipe: Pipe) -> list[bytes]:
        """End all subscriptions of a peer; returns the prefixes that nobody has now."""
        held = self._held.pop(pipe, {})
        self._octets.pop(pipe, None)
        return [prefix for prefix in held if self._remove(prefix, pipe)]

    def _remove(self, prefix: bytes, pipe: Pipe) -> bool:
        path = [self._root]
        end = len(prefix) - len(prefix) % _STEP
        for start in range(0, end, _STEP):
            path.append(path[-1].following[prefix[start : start + _STEP]])
        step = path.pop()
        subscribers = step.subscribers[prefix[end:]]
        subscribers.remove(pipe)
        if subscribers:
            return False
        self.topics -= 1
        step.forget(prefix[end:])
        while path and step.empty():
            end -= _STEP
            step = path.pop()
            del step.following[prefix[end : end + _STEP]]
        return True

    def prefixes(self, pipe: Pipe) -> list[bytes]:
        """Return the prefixes of a peer."""
        return list(self._held.get(pipe, {}))

    def count(self, pipe: Pipe) -> int:
        """Return how many prefixes a peer has."""
        held = self._held.get(pipe)
        return 0 if held is None else len(held)

    def octets(self, pipe: Pipe) -> int:
        """Return how many octets the prefixes of a peer have in all."""
        return self._octets.get(pipe, 0)

    def holds(self, prefix: bytes, pipe: Pipe) -> bool:
        """Tell whether a peer has subscribed to exactly this prefix."""
        held = self._held.get(pipe)
        return held is not None and prefix in held

    def subscribers(self, prefix: bytes) -> list[Pipe]:
        """Return the peers that have subscribed to exactly this prefix; leave the list as it is."""
        step = self._root
        start = 0
        while len(prefix) - start >= _STEP:
            following = step.following.get(prefix[start : start + _STEP])
            if following is None:
                return _NOBODY
            step = following
            start += _STEP
        return step.subscribers.get(prefix[start:], _NOBODY)

    def match(self, topic: bytes) -> list[Pipe]:
        """Return the peers that have a prefix of the topic, each once.

        The list may be the trie's own: use it before anything changes, and leave it as it is.
        """
        found = _NOBODY
        merged: dict[Pipe, bool] | None = None
        size = len(topic)
        step: _Step | None = self._root
        start = 0
        while step is not None:
            for length in step.lengths:
                if start + length > size:
                    break
                here = step.subscribers.get(topic[start : start + length])
                if here is None:
                    continue
                if not found:
                    found = here
                    continue
                if merged is None:
                    merged = dict.fromkeys(found, True)
                for pipe in here:
                    merged[pipe] = True
            if not step.following or start + _STEP > size:
                break
            step = step.following.get(topic[start : start + _STEP])
            start += _STEP
        return found if merged is None else list(merged)

    def matches(self, topic: bytes) -> bool:
        """Tell whether anybody has a prefix of the topic."""
        return bool(self.match(topic))
