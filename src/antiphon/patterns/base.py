"""The contract of a pattern: what every socket type does with messages and peers.

A pattern never blocks: try_send() and try_recv() do it now or say that they cannot. The
connections side attaches pipes, delivers what came in and says when a full pipe has room again.
"""

from typing import Final, NoReturn

from antiphon.constants import SOCKET_TYPE_NAMES
from antiphon.errors import OperationNotSupported, OptionError
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.queue import MessageQueue

__all__ = (
    "DUPLICATE_ID",
    "PEER_GONE",
    "QUEUE_FULL",
    "SENDER_GONE",
    "UNEXPECTED_MESSAGE",
    "DropObserver",
    "Pattern",
    "Watcher",
)

#: Why attach() refuses a peer.
DUPLICATE_ID: Final = "duplicate-id"

#: Why a message is dropped.
PEER_GONE: Final = "peer-gone"
SENDER_GONE: Final = "sender-gone"
QUEUE_FULL: Final = "queue-full"
UNEXPECTED_MESSAGE: Final = "unexpected-message"

_SUBSCRIBERS: Final = "only a SUB socket has it, and an XPUB under XPUB_MANUAL"


@mypyc_attr(allow_interpreted_subclasses=True)
class Watcher:
    """Whoever waits for a socket is told here that trying again may succeed."""

    def socket_changed(self) -> None:
        """A message came, room appeared, or the socket closed."""


@mypyc_attr(allow_interpreted_subclasses=True)
class DropObserver:
    """Whoever has to know of messages that end here."""

    def message_dropped(self, reason: str, count: int, parts: list[bytes]) -> None:
        """A message was dropped, the ``count``-th for this reason."""
        raise NotImplementedError


class Pattern:
    """One socket's behaviour towards its peers; by itself it neither sends nor receives."""

    def __init__(self, options: SocketOptions) -> None:
        self.options = options
        #: None while nobody looks.
        self.observer: DropObserver | None = None
        #: Dropped messages by reason.
        self.drops: dict[str, int] = {}
        self.watcher: Watcher | None = None
        #: Whether what is sent had better be written together with what follows soon.
        self.patient = False
        #: Whether peers announce the id by which messages go to them: none can go before.
        self.awaits_ids = False

    # What the application asks.

    def try_send(self, parts: list[bytes]) -> bool:
        """Take over a message if there is room for it; otherwise leave it untouched.

        Raises StateError where the socket type allows no send now, HostUnreachable where it
        is told to (ROUTER_MANDATORY), and OperationNotSupported where it never sends.
        """
        self.refuse_send()

    def check_send(self) -> None:
        """Raise what try_send() would raise of any message: StateError, OperationNotSupported."""
        self.refuse_send()

    def try_recv(self) -> list[bytes] | None:
        """Return the next message or None.

        Raises StateError where none is allowed now, and OperationNotSupported where the socket
        type never receives.
        """
        self.refuse_receive()

    def last_sender(self) -> Pipe | None:
        """Return the peer that try_recv() had its last message from; None once it has gone."""
        return None

    def can_send(self) -> bool:
        """Tell whether try_send() would take a message."""
        return False

    def can_recv(self) -> bool:
        """Tell whether try_recv() would return a message."""
        return False

    def subscribe(self, topic: bytes) -> None:
        """Do what the option SUBSCRIBE asks for. Raises OptionError where there is none."""
        raise OptionError("SUBSCRIBE", topic, _SUBSCRIBERS)

    def unsubscribe(self, topic: bytes) -> None:
        """Do what the option UNSUBSCRIBE asks for. Raises OptionError where there is none."""
        raise OptionError("UNSUBSCRIBE", topic, _SUBSCRIBERS)

    def join(self, group: bytes) -> None:
        """Join a group (RFC 48). Raises OperationNotSupported where there are none."""
        self._refuse_groups()

    def leave(self, group: bytes) -> None:
        """Leave a group. Raises OperationNotSupported where there are none."""
        self._refuse_groups()

    def topics_count(self) -> int:
        """Return the option TOPICS_COUNT. Raises OptionError where there is none."""
        raise OptionError("TOPICS_COUNT", None, "only PUB, XPUB, SUB and XSUB sockets have it")

    # What the connections tell.

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer; returns an empty string, or the reason for refusing it."""
        raise NotImplementedError

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer: its queues go, and what was in them is counted (R28.24)."""
        raise NotImplementedError

    def connected(self, pipe: Pipe) -> None:
        """The connection of an attached pipe is complete, for the first time or anew."""

    def retire(self, pipe: Pipe) -> None:
        """Send nothing more to a peer; what is queued for it goes out, what it sends comes in."""
        pipe.retired = True

    def outlasts(self, pipe: Pipe) -> bool:
        """Tell whether what a peer has sent is still given when it has gone.

        Not by request-reply, where nobody would get the answer (R28.24, R28.34).
        """
        return False

    def part(self, pipe: Pipe) -> None:
        """A peer has gone in order: what waits for it is counted, what it sent may be taken."""
        self.retire(pipe)
        for parts in pipe.outbound:
            self.drop(PEER_GONE, parts)
        pipe.outbound.clear()

    def interrupted(self, pipe: Pipe) -> None:
        """A connection that we initiated has ended; its pipe stays for the next one (R28.23)."""

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Take messages that came from a peer; the list is emptied."""
        self.discard(pipe, messages)

    def writable(self, pipe: Pipe) -> None:
        """A pipe that was full has room again."""

    # For the patterns themselves.

    def drop(self, reason: str, parts: list[bytes]) -> None:
        """Count a message that ends here, and show it to whoever looks (N1)."""
        count = self.drops.get(reason, 0) + 1
        self.drops[reason] = count
        observer = self.observer
        if observer is not None:
            observer.message_dropped(reason, count, parts)

    def discard(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Drop messages of a peer that has no business to send any; each is counted (M6)."""
        pipe.received += len(messages)
        for parts in messages:
            self.drop(UNEXPECTED_MESSAGE, parts)
        messages.clear()

    def refuse_send(self) -> NoReturn:
        """Raise OperationNotSupported."""
        raise OperationNotSupported(f"a {self._type_name()} socket never sends")

    def refuse_receive(self) -> NoReturn:
        """Raise OperationNotSupported."""
        raise OperationNotSupported(f"a {self._type_name()} socket never receives")

    def _refuse_groups(self) -> NoReturn:
        raise OperationNotSupported(f"a {self._type_name()} socket has no groups: a DISH has")

    def _type_name(self) -> str:
        return SOCKET_TYPE_NAMES.get(self.options.socket_type, b"").decode("ascii")

    def drop_queues(self, pipe: Pipe) -> None:
        """Destroy both queues of a peer that has gone; each message is counted."""
        for parts in pipe.outbound:
            self.drop(PEER_GONE, parts)
        for parts in pipe.inbound:
            self.drop(SENDER_GONE, parts)
        pipe.clear()

    def changed(self) -> None:
        """Tell whoever waits."""
        watcher = self.watcher
        if watcher is not None:
            watcher.socket_changed()
