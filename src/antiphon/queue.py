"""Messages that wait: between a decoder and a socket, and until the program takes them."""

from collections.abc import Iterable, Iterator

__all__ = ("MessageQueue",)


class MessageQueue:
    """Messages in the order in which they came.

    One of a single frame is kept as that frame: a list costs as much as the frame, and Python's
    collector looks at every list there is again and again, but not at bytes. Two lists are used
    from their ends only, which compiled code does several times as fast as it asks a deque.
    """

    def __init__(self, messages: Iterable[list[bytes]] = ()) -> None:
        #: The oldest messages, the next one last; a message of one frame is that frame.
        self.front: list[bytes | list[bytes]] = []
        #: Those that came since, the newest last. To append a frame here adds a message of it.
        self.back: list[bytes | list[bytes]] = []
        for parts in messages:
            self.put(parts)

    def __len__(self) -> int:
        return len(self.front) + len(self.back)

    def __iter__(self) -> Iterator[list[bytes]]:
        return iter([_whole(message) for message in [*self.front[::-1], *self.back]])

    def put(self, parts: list[bytes]) -> None:
        """Add a message."""
        self.back.append(parts[0] if len(parts) == 1 else parts)

    def move(self, others: "MessageQueue") -> None:
        """Add the messages of another queue, which is empty then."""
        if others.front:
            self.back += others.front[::-1]
            others.front.clear()
        if self.back:
            self.back += others.back
            others.back.clear()
        else:
            self.back, others.back = others.back, self.back

    def take(self) -> list[bytes]:
        """Remove the oldest message. Raises IndexError if there is none."""
        if not self.front:
            self.front, self.back = self.back, self.front
            self.front.reverse()
        message = self.front.pop()
        return [message] if isinstance(message, bytes) else message

    def take_frame(self) -> bytes:
        """Remove the oldest message and return its first frame. Raises IndexError if there is none.

        For those who know that it has only one: no list is made of it.
        """
        if not self.front:
            self.front, self.back = self.back, self.front
            self.front.reverse()
        message = self.front.pop()
        return message if isinstance(message, bytes) else message[0]

    def drain(self) -> list[list[bytes]]:
        """Remove all messages and return them, the oldest first."""
        messages = [*self.front[::-1], *self.back] if self.front else self.back
        self.front = []
        self.back = []
        return [[message] if isinstance(message, bytes) else message for message in messages]

    def oldest(self) -> list[bytes]:
        """Return the oldest message. Raises IndexError if there is none."""
        return _whole(self.front[-1] if self.front else self.back[0])

    def clear(self) -> None:
        """Forget all messages."""
        self.front.clear()
        self.back.clear()


def _whole(message: bytes | list[bytes]) -> list[bytes]:
    return [message] if isinstance(message, bytes) else message
