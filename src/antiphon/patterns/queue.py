"""The messages that a peer has sent and the program has not taken yet."""

from collections.abc import Iterator

__all__ = ("MessageQueue",)


class MessageQueue:
    """Messages in the order in which they came.

    One of a single frame is kept as that frame: Python's collector looks at every list there is
    again and again, but not at bytes. Two lists are used from their ends only, which compiled code
    does several times as fast as it asks a deque.
    """

    def __init__(self) -> None:
        # The oldest messages, the next one last, and those that came since, the newest last.
        self._next: list[bytes | list[bytes]] = []
        self._later: list[bytes | list[bytes]] = []

    def __len__(self) -> int:
        return len(self._next) + len(self._later)

    def __iter__(self) -> Iterator[list[bytes]]:
        return iter([_whole(message) for message in [*self._next[::-1], *self._later]])

    def put(self, parts: list[bytes]) -> None:
        """Add a message."""
        self._later.append(parts[0] if len(parts) == 1 else parts)

    def put_all(self, messages: list[list[bytes]]) -> None:
        """Add messages."""
        later = self._later
        for parts in messages:
            later.append(parts[0] if len(parts) == 1 else parts)

    def take(self) -> list[bytes]:
        """Remove the oldest message. Raises IndexError if there is none."""
        if not self._next:
            self._next, self._later = self._later, self._next
            self._next.reverse()
        return _whole(self._next.pop())

    def oldest(self) -> list[bytes]:
        """Return the oldest message. Raises IndexError if there is none."""
        return _whole(self._next[-1] if self._next else self._later[0])

    def clear(self) -> None:
        """Forget all messages."""
        self._next.clear()
        self._later.clear()


def _whole(message: bytes | list[bytes]) -> list[bytes]:
    return [message] if isinstance(message, bytes) else message
