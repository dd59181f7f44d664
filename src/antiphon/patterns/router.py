"""ROUTER: knows each peer by its id, and routes by it (RFC 28)."""

from typing import Final

from antiphon.errors import HostUnreachable
from antiphon.options import SocketOptions
from antiphon.patterns.base import DUPLICATE_ID, QUEUE_FULL
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.receiving import Receiving

__all__ = ("ID_ONLY", "ROUTED", "UNKNOWN_ID", "Router")

#: What became of a message that a ROUTER was to route.
ROUTED: Final = ""
UNKNOWN_ID: Final = "unknown-id"
ID_ONLY: Final = "id-only"

#: The bits of ROUTER_NOTIFY.
_NOTIFY_CONNECT: Final = 1
_NOTIFY_DISCONNECT: Final = 2


class Router(Receiving):
    """ROUTER: prefixes what comes in with its peer's id, routes what goes out by that id."""

    def __init__(self, options: SocketOptions, first_generated_id: int) -> None:
        super().__init__(options)
        self.awaits_ids = True
        #: The peers by routing id (R28.35).
        self.peers: dict[bytes, Pipe] = {}
        #: The number in the last id that was given.
        self.generated = first_generated_id & 0xFFFFFFFF
        # Takes the place of peers that have gone, in the fair queue: its messages have their id.
        self._departed = Pipe(options)

    def route(self, routing_id: bytes, parts: list[bytes]) -> str:
        """Queue a message for a peer; returns ROUTED, UNKNOWN_ID or QUEUE_FULL and drops nothing.

        The message is taken over only when it is routed.
        """
        pipe = self.peers.get(routing_id)
        if pipe is None:
            return UNKNOWN_ID
        if pipe.blocked:
            return QUEUE_FULL
        pipe.push(parts)
        return ROUTED

    def try_send(self, parts: list[bytes]) -> bool:
        """Route a message by its first frame (R28.40 to R28.43, R9, R10).

        What cannot be routed is dropped and counted. Under ROUTER_MANDATORY a full queue makes
        this return False and an unknown id raises HostUnreachable.
        """
        if len(parts) < 2:
            self.drop(ID_ONLY, parts)
            return True
        mandatory = self.options.router_mandatory
        status = self.route(parts[0], parts[1:])
        if status == ROUTED:
            return True
        if not mandatory:
            self.drop(status, parts)
            return True
        if status == UNKNOWN_ID:
            raise HostUnreachable(parts[0], status)
        return False

    def check_send(self) -> None:
        """Allow a message at any time."""

    def try_recv(self) -> list[bytes] | None:
        """Return ``[routing id, frame, ...]`` or None, each peer in turn (R28.38, R28.39)."""
        parts = self.fair_queue.take()
        if parts is None:
            return None
        pipe = self.fair_queue.last
        if pipe is not None and pipe is not self._departed:
            parts.insert(0, pipe.routing_id)
        return parts

    def can_send(self) -> bool:
        """Tell whether a send would not block: always, but under ROUTER_MANDATORY (3.7)."""
        if not self.options.router_mandatory:
            return True
        return any(not pipe.blocked for pipe in self.peers.values())

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer under the id it announced, or a generated one (E9, R5, R7).

        An id that is in use is refused, or taken over under ROUTER_HANDOVER.
        """
        if not pipe.routing_id:
            pipe.routing_id = self.generate_id()
        older = self.peers.get(pipe.routing_id)
        if older is not None:
            if not self.options.router_handover:
                self.drops[DUPLICATE_ID] = self.drops.get(DUPLICATE_ID, 0) + 1
                return DUPLICATE_ID
            self.detach(older)
            older.end.close_peer("handover")
        self.peers[pipe.routing_id] = pipe
        return super().attach(pipe)

    def generate_id(self) -> bytes:
        """Return an id that no peer has."""
        while True:
            self.generated = (self.generated + 1) & 0xFFFFFFFF
            routing_id = b"\x00" + self.generated.to_bytes(4, "big")
            if routing_id not in self.peers:
                return routing_id

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer and destroy its queues (R28.34)."""
        if self.peers.get(pipe.routing_id) is pipe:
            del self.peers[pipe.routing_id]
        super().detach(pipe)
        for body in self.last_words(pipe) if pipe.peer_type else []:
            self.depart([pipe.routing_id, body])
        self.changed()

    def connected(self, pipe: Pipe) -> None:
        """Under ROUTER_NOTIFY, tell the application that a peer has come: ``[id, b""]``."""
        if self.options.router_notify & _NOTIFY_CONNECT:
            self.tell(pipe, b"")

    def interrupted(self, pipe: Pipe) -> None:
        """Under ROUTER_NOTIFY, tell the application that a peer has gone: ``[id, b""]``."""
        if self.options.router_notify & _NOTIFY_DISCONNECT:
            self.tell(pipe, b"")

    def part(self, pipe: Pipe) -> None:
        """Let what the peer has sent be taken, and what is told of its end after that."""
        words = self.last_words(pipe)
        super().part(pipe)
        for body in words:
            self.tell(pipe, body)

    def last_words(self, pipe: Pipe) -> list[bytes]:
        """Return what is told of a peer's end, by ROUTER_NOTIFY and by DISCONNECT_MSG."""
        options = self.options
        words = [b""] if options.router_notify & _NOTIFY_DISCONNECT else []
        return [*words, options.disconnect_msg] if options.disconnect_msg else words

    def depart(self, message: list[bytes]) -> None:
        """Keep a message, with its id, of a peer that has gone; no more than RCVHWM of them."""
        departed = self._departed
        if len(departed.inbound) < departed.receive_limit:
            departed.inbound.put(message)
            self.fair_queue.activate(departed)
        else:
            self.drop(QUEUE_FULL, message)

    def retire(self, pipe: Pipe) -> None:
        """Route nothing more to this peer; its id is free."""
        super().retire(pipe)
        if self.peers.get(pipe.routing_id) is pipe:
            del self.peers[pipe.routing_id]

    def writable(self, pipe: Pipe) -> None:
        """A mandatory send may go on."""
        self.changed()
