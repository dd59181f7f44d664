"""What the transports need of the reactor: to be told when a descriptor is ready."""

from typing import Final

from antiphon.engine.exchange import Exchange
from antiphon.engine.network import Network, Receiver, Stream
from antiphon.native import mypyc_attr

__all__ = (
    "ERROR",
    "HANG_UP",
    "READABLE",
    "WRITABLE",
    "Address",
    "DescriptorStream",
    "Descriptors",
    "Handler",
    "Resolution",
    "Resolver",
)

#: The numbers of epoll, which other systems' pollers are translated to.
READABLE: Final = 1
WRITABLE: Final = 4
ERROR: Final = 8
HANG_UP: Final = 16

#: A family of the socket module, and what its connect() takes.
Address = tuple[int, tuple[str, int]]


@mypyc_attr(allow_interpreted_subclasses=True)
class Handler:
    """What a descriptor that is no stream calls."""

    def ready(self, events: int) -> None:
        """The descriptor is readable, writable or both."""
        raise NotImplementedError


class DescriptorStream(Stream):
    """A stream on a descriptor."""

    def __init__(self, peer_address: str, local_address: str, descriptor: int) -> None:
        super().__init__(peer_address, local_address, descriptor)
        self.receiver = Receiver()
        #: Whether the last read was as large as it may be: then it matters how long that takes.
        self.filled = False

    def on_events(self, events: int) -> bytes:
        """Read, write, or note the end, as the poll object says.

        Returns what was read, for the receiver to be given.
        """
        raise NotImplementedError

    def took(self, seconds: float) -> None:
        """Take note of how long the receiver had to do with a read that was filled."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Resolution:
    """A name that is being looked up; the resolver calls ``done`` on the network's side."""

    def __init__(self, host: str, port: int, ipv6: bool) -> None:
        self.host = host
        self.port = port
        self.ipv6 = ipv6
        self.addresses: list[Address] = []
        self.error = ""

    def done(self) -> None:
        """Go on, with ``addresses`` or ``error`` set."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Resolver:
    """Looks names up elsewhere, so that the network never waits for one."""

    def resolve(self, resolution: Resolution, descriptors: "Descriptors") -> None:
        """Look the name up; then ``descriptors.post(resolution)`` from any thread."""
        raise NotImplementedError


class Descriptors(Network):
    """A Network on descriptors: what the reactor is to the transports."""

    def __init__(self, exchange: Exchange, resolver: Resolver) -> None:
        super().__init__(exchange)
        self.resolver = resolver

    def watch(self, fd: int, events: int, handler: Handler) -> None:
        """Call a handler when a descriptor is ready."""
        raise NotImplementedError

    def watch_stream(self, fd: int, stream: DescriptorStream) -> None:
        """Call a stream when it is readable, and later as change() says."""
        raise NotImplementedError

    def change(self, fd: int, events: int) -> None:
        """Watch a descriptor for other events."""
        raise NotImplementedError

    def forget(self, fd: int) -> None:
        """Watch a descriptor no longer."""
        raise NotImplementedError

    def post(self, resolution: Resolution) -> None:
        """Let a resolution be done soon; may be called from any thread."""
        raise NotImplementedError
