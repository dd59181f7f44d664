"""Eyes on a socket: the record of what happens to it, and what a program overrides to see it."""

from antiphon.constants import Event, OwnEvent
from antiphon.native import mypyc_attr

__all__ = ("Instrument", "SocketEvent")


class SocketEvent:
    """Something that has happened to a socket.

    ``number`` is libzmq's (constants.Event) or our own (constants.OwnEvent), and so is what
    ``value`` means: a descriptor (-1 where there is none), an errno, milliseconds until the next
    attempt, or the code of a protocol error; for MESSAGE_DROPPED how many messages have been
    dropped for this reason by now.

    ``bound`` tells whether it is about an endpoint that the socket has bound or about one that it
    has connected; ``local`` and ``remote`` are the addresses of the two ends as far as they are
    known. ``reason`` is a short fixed word to count by, ``detail`` a sentence for people, and
    ``routing_id`` the peer's where it has one. ``time`` is in seconds on the clock that the
    socket's timers use (time.monotonic()). ``message`` are the frames of a dropped message as the
    socket had them; a ROUTER's include the routing id.
    """

    def __init__(
        self,
        number: int,
        time: float,
        bound: bool,
        local: str,
        remote: str,
        value: int,
        reason: str,
        detail: str,
        routing_id: bytes,
        message: list[bytes],
    ) -> None:
        self.number = number
        self.time = time
        self.bound = bound
        self.local = local
        self.remote = remote
        self.value = value
        self.reason = reason
        self.detail = detail
        self.routing_id = routing_id
        self.message = message

    @property
    def name(self) -> str:
        """The event's name, such as ``"CONNECTED"``."""
        own = self.number > int(Event.ALL_V2)
        return str((OwnEvent(self.number) if own else Event(self.number)).name)

    @property
    def endpoint(self) -> str:
        """Our end's endpoint if it is bound, else the one that was connected."""
        return self.local if self.bound else self.remote

    def without_message(self) -> "SocketEvent":
        """Return the same event for those who keep it: what was dropped is not kept alive."""
        return SocketEvent(
            self.number,
            self.time,
            self.bound,
            self.local,
            self.remote,
            self.value,
            self.reason,
            self.detail,
            self.routing_id,
            [],
        )

    def __repr__(self) -> str:
        words = [self.name, self.endpoint, f"value={self.value}"]
        words += [f"reason={self.reason}"] if self.reason else []
        return f"<SocketEvent {' '.join(words)}>"


@mypyc_attr(allow_interpreted_subclasses=True)
class Instrument:
    """Sees what happens to a socket; override what is of interest.

    It is called in the middle of the socket's work: it must not raise, block, or use a socket.
    """

    def wants(self, number: int) -> bool:
        """Tell whether to be told of events of a number now; their record is built only then."""
        return True

    def happened(self, event: SocketEvent) -> None:
        """Be told of an event; MONITOR_STOPPED is the last one."""
