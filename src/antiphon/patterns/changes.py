"""What an XPUB's application has not yet been told: subscriptions and their ends, in order."""

from collections import OrderedDict

from antiphon.patterns.pipe import Pipe
from antiphon.patterns.trie import cancel, subscribe

__all__ = ("Changes",)


class Changes:
    """A queue of changes that stays small when nobody looks.

    Once ``limit`` of them wait, repetitions are refused, and a change that undoes others which
    wait takes them back: beyond the limit there is no more than one for each topic.
    """

    def __init__(self) -> None:
        self._number = 0
        self._waiting: OrderedDict[int, tuple[bytes, Pipe | None]] = OrderedDict()
        # The numbers of those of a kind that came since the topic's last opposite change.
        self._latest: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, part: bytes, news: bool, limit: int, sender: Pipe | None = None) -> bool:
        """Queue a change of a peer; returns False if it is refused. A ``limit`` of 0 is none.

        ``news`` tells that a topic has got its first subscriber, or lost its last.
        """
        opposites = self._latest.pop(cancel(part[1:]) if part[0] else subscribe(part[1:]), None)
        if limit and len(self._waiting) >= limit:
            if not news:
                return False
            if opposites is not None:
                for number in opposites:
                    del self._waiting[number]
                return True
        self._number += 1
        self._waiting[self._number] = part, sender
        self._latest.setdefault(part, []).append(self._number)
        return True

    def take(self) -> tuple[bytes, Pipe | None]:
        """Return the oldest change, and whose it is; there must be one."""
        number, (part, sender) = self._waiting.popitem(last=False)
        latest = self._latest.get(part)
        if latest is not None and latest[0] == number:
            latest.pop(0)
            if not latest:
                del self._latest[part]
        return part, sender
