"""The messages that a peer has sent and the program has not taken yet."""

from collections import deque
from collections.abc import Iterator

__all__ = ("MessageQueue",)


class MessageQueue:
    """Messages in the order in which they came.

    One of a single frame is kept as that frame: Python's collector looks at every list there is
    again and again, but not at bytes.
    """

    def __init__(self) -> None:
        self._messages: deque[bytes | list[bytes]] = deque()

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, parts: list[bytes]) -> None:
        """Add a message."""
        self._messages.append(parts[0] if len(parts) == 1 else parts)

    def put_all(self, messages: list[list[bytes]]) -> None:
        """Add messages."""
        self._messages += [parts[0] if len(parts) == 1 else parts for parts in messages]

    def take(self) -> list[bytes]:
        """Remove the oldest message. Raises IndexError if there is none."""
        return _whole(self._messages.popleft())

    def oldest(self) -> list[bytes]:
        """Return the oldest message. Raises IndexError if there is none."""
        return _whole(self._messages[0])

    def __iter__(self) -> Iterator[list[bytes]]:
        return iter([_whole(message) for message in self._messages])

    def clear(self) -> None:
        """Forget all messages."""
        self._messages.clear()


def _whole(message: bytes | list[bytes]) -> list[bytes]:
    return [message] if isinstance(message, bytes) else message
