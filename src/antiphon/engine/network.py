"""The contract between a socket and the world: streams, timers, the clock, randomness.

The reactor implements it with real descriptors, a simulation with memory and a virtual clock.
"""

from collections.abc import Callable
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.engine.exchange import Exchange
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import PipeEnd
from antiphon.wire.mechanism import Surroundings

__all__ = (
    "INTERRUPTED",
    "LARGE_FRAME",
    "Acceptor",
    "Call",
    "Caller",
    "Later",
    "Listener",
    "Network",
    "Receiver",
    "Stream",
    "Timer",
)

#: From this size on (bytes) a frame is neither joined with others nor copied on its way.
LARGE_FRAME: Final = 32768
#: Ctrl-C, or what an instrument raised, may have left a connection half way: it is of no more use.
INTERRUPTED: Final = ("interrupted", "an exception has interrupted the work on this connection")


@mypyc_attr(allow_interpreted_subclasses=True)
class Timer:
    """Something to do at a time; set and cancelled through the Network."""

    def __init__(self) -> None:
        #: When it fires, in seconds on the Network's clock; negative while it is not set.
        self.deadline = -1.0

    def fire(self) -> None:
        """Do it."""
        raise NotImplementedError


class Later(Timer):
    """Calls a function when it is time."""

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__()
        self._action = action

    def fire(self) -> None:
        """Call it."""
        self._action()


@mypyc_attr(allow_interpreted_subclasses=True)
class Receiver(PipeEnd):
    """What a stream calls: the connection that lives on it."""

    def __init__(self) -> None:
        #: How many bytes a frame in arrival still needs; 0 if there is none. From LARGE_FRAME on
        #: the stream receives them straight into body_buffer().
        self.missing = 0

    def received(self, data: bytes) -> None:
        """Take bytes that came from the peer."""
        raise NotImplementedError

    def body_buffer(self) -> memoryview:
        """Return room for bytes of the frame in arrival, where ``missing`` is large."""
        raise NotImplementedError

    def body_received(self, count: int) -> None:
        """Take note of ``count`` bytes that were put into body_buffer()."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what waits; called for those in ``dirty`` and when a stream can take more."""
        raise NotImplementedError

    def closed(self, reason: str, detail: str) -> None:
        """The stream has ended, by the peer or by an error of the system."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Stream:
    """A connected, non-blocking byte stream."""

    def __init__(self, peer_address: str, local_address: str = "", descriptor: int = -1) -> None:
        #: The addresses of both ends for people, and the system's number for the connection.
        self.peer_address = peer_address
        self.local_address = local_address
        self.descriptor = descriptor
        #: True once nothing more can be written; there may be something left to read.
        self.broken = False

    def start(self, receiver: Receiver) -> None:
        """Begin to read, and to tell the receiver."""
        raise NotImplementedError

    def write(self, chunks: list[bytes]) -> bool:
        """Take over bytes to write, in at least one chunk.

        Returns False if some wait until flush() is called again.
        """
        raise NotImplementedError

    def unsent(self) -> int:
        """Return how many bytes were taken over that the peer's side has not taken yet."""
        raise NotImplementedError

    def pause_reading(self) -> None:
        """Stop reading, so that the peer is held back."""
        raise NotImplementedError

    def resume_reading(self) -> None:
        """Read again."""
        raise NotImplementedError

    def close(self) -> None:
        """Close at once; nothing is called afterwards."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Caller:
    """Who asked Network.dial() for a connection."""

    def attempting(self, code: int) -> None:
        """An attempt at one address is under way; ``code`` is what the system said."""

    def attempt_failed(self, descriptor: int, code: int) -> None:
        """An attempt at one address has failed; ``code`` is the system's error number."""

    def connected(self, stream: Stream) -> None:
        """The stream is there."""
        raise NotImplementedError

    def failed(self, reason: str) -> None:
        """No connection came about; ``reason`` is for people."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Acceptor:
    """Who asked Network.listen() for connections."""

    def accepted(self, stream: Stream) -> None:
        """A peer has connected."""
        raise NotImplementedError

    def failed(self, code: int) -> None:
        """A peer could not be accepted; ``code`` is the system's error number."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Listener:
    """What Network.listen() returns."""

    def __init__(self, endpoint: str, descriptor: int = -1) -> None:
        #: The endpoint with its real port or path.
        self.endpoint = endpoint
        self.descriptor = descriptor

    def close(self) -> None:
        """Stop listening."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Call:
    """What Network.dial() returns: a connection attempt that can be given up."""

    def cancel(self) -> None:
        """Give up; the caller is not called afterwards."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Network(Surroundings):
    """The world as a socket sees it; entropy() and now() are those of Surroundings."""

    def __init__(self, exchange: Exchange) -> None:
        #: Where inproc endpoints meet.
        self.exchange = exchange
        #: Receivers with something to write: their flush() is called soon, when a pass ends or
        #: when a host waits. Whoever adds itself does so once.
        self.dirty: list[Receiver] = []
        #: Receivers that would rather write more at once a little later; without a busy network
        #: their flush() is called as soon as that of the others.
        self.patient: list[Receiver] = []
        #: When what is being read now had come, on the clock of now(); read once for each pass.
        self.pass_time = 0.0

    def random(self) -> float:
        """Return a random number from 0 up to but not including 1."""
        raise NotImplementedError

    def set_timer(self, timer: Timer, delay: float) -> None:
        """Let a timer fire once, ``delay`` seconds from now; a set timer moves."""
        raise NotImplementedError

    def cancel_timer(self, timer: Timer) -> None:
        """Let a timer not fire."""
        raise NotImplementedError

    def dial(self, endpoint: Endpoint, options: SocketOptions, caller: Caller) -> Call:
        """Start to connect; the caller hears of the outcome later, never during the call."""
        raise NotImplementedError

    def listen(self, endpoint: Endpoint, options: SocketOptions, acceptor: Acceptor) -> Listener:
        """Listen from now on. Raises EndpointError when the address cannot be had."""
        raise NotImplementedError
