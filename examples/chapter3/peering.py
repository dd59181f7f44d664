"""What the peering programs share: where a broker's sockets are, and what it knows of the others.

Nothing here waits or reads a clock.
"""

import random

from antiphon import Message

__all__ = ("Capacity", "Delegated", "LastHeard", "PerPeer", "Place")

_ROLES = ("state", "cloud", "localfe", "localbe", "monitor")


class Place:
    """A broker and the endpoints of its sockets.

    ``DC1`` has them as files in this directory, such as ``ipc://DC1-cloud.ipc``. ``DC1=host:port``
    has them at that port and the four that follow.
    """

    def __init__(self, text: str) -> None:
        self.name, _, self.address = text.partition("=")

    @property
    def id(self) -> bytes:
        """The name as a routing id."""
        return self.name.encode()

    def endpoint(self, role: str) -> str:
        """Return the endpoint of one of its sockets."""
        if not self.address:
            return f"ipc://{self.name}-{role}.ipc"
        host, _, port = self.address.rpartition(":")
        return f"tcp://{host}:{int(port) + _ROLES.index(role)}"


class Delegated:
    """The tasks that other brokers have, so that none is lost with them.

    Each goes out under a number of its own, one more address in front: brokers and workers give
    back whatever envelope they were given. A reply whose number is not known any more is late.
    """

    def __init__(self) -> None:
        self._tasks: dict[bytes, tuple[bytes, Message]] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def give(self, peer: bytes, task: Message) -> Message:
        """Keep a task, and return it as it is to be sent."""
        self._number += 1
        number = b"%d" % self._number
        self._tasks[number] = (peer, task)
        numbered = task.copy()
        numbered.push(number)
        return numbered

    def answered(self, reply: Message) -> bool:
        """Take the number off a reply; returns whether the task was still expected."""
        return self._tasks.pop(reply.pop(), None) is not None

    def take_back(self, there: set[bytes]) -> list[Message]:
        """Return the tasks of peers that are not there, to be given to others."""
        gone = [number for number, (peer, _) in self._tasks.items() if peer not in there]
        return [self._tasks.pop(number)[1] for number in gone]


class Capacity:
    """Whom to give a task to, from what other brokers say of their free workers."""

    def heard(self, peer: bytes, free: int, now: float) -> None:
        """Note what a broker has said."""
        raise NotImplementedError

    def choose(self, peers: list[bytes], now: float) -> bytes | None:
        """Return a broker that should have room, or None."""
        raise NotImplementedError

    def given(self, peer: bytes) -> None:
        """Note that a broker was given a task."""


class LastHeard(Capacity):
    """What the chapter does: the last number that anyone has said, and anyone of the others."""

    def __init__(self) -> None:
        self._free = 0

    def heard(self, peer: bytes, free: int, now: float) -> None:
        """Note what a broker has said."""
        self._free = free

    def choose(self, peers: list[bytes], now: float) -> bytes | None:
        """Return any broker as long as the last one heard of had room."""
        return random.choice(peers) if self._free and peers else None


class PerPeer(Capacity):
    """A number for each broker: it counts down with each task, and expires."""

    def __init__(self, expiry: float) -> None:
        self._expiry = expiry
        self._free: dict[bytes, tuple[int, float]] = {}

    def heard(self, peer: bytes, free: int, now: float) -> None:
        """Note what a broker has said."""
        self._free[peer] = (free, now)

    def choose(self, peers: list[bytes], now: float) -> bytes | None:
        """Return the broker with the most room of those heard of lately."""
        fresh = [
            (free, peer) for peer, (free, then) in self._free.items() if now - then < self._expiry
        ]
        free, peer = max(fresh, default=(0, b""))
        return peer if free else None

    def given(self, peer: bytes) -> None:
        """Count down."""
        free, then = self._free.get(peer, (1, 0.0))
        self._free[peer] = (free - 1, then)
