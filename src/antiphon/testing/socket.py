"""A socket on a simulated machine: everything at once, and time passes only where one says so."""

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.options import SocketOptions
from antiphon.testing.network import Machine

__all__ = ("SimulatedSocket",)


class SimulatedSocket:
    """A socket of ``socket_type`` (constants.SocketType) on a machine.

    Options are given under their names in lower case, such as ``reconnect_ivl=10``.
    """

    def __init__(self, machine: Machine, socket_type: int, **options: object) -> None:
        self.world = machine.world
        chosen = SocketOptions()
        for name, value in options.items():
            setattr(chosen, name, value)
        self.core = SocketCore(machine, int(socket_type), chosen)

    def bind(self, endpoint: str) -> str:
        """Accept peers at an endpoint; returns it with its port. Raises EndpointError."""
        return self.core.bind(endpoint)

    def connect(self, endpoint: str) -> None:
        """Connect, now and again whenever the connection is lost. Raises EndpointError."""
        self.core.connect(endpoint)

    def try_send(self, *frames: bytes) -> bool:
        """Send a message if it can go now."""
        return self.core.pattern.try_send(list(frames))

    def try_recv(self) -> list[bytes] | None:
        """Return a message if one has come."""
        return self.core.pattern.try_recv()

    def send(self, *frames: bytes, seconds: float = 60.0) -> None:
        """Let time pass until the message is sent. Raises StuckError."""
        self.world.run_until(lambda: self.try_send(*frames), seconds)

    def recv(self, seconds: float = 60.0) -> list[bytes]:
        """Let time pass until a message comes, and return it. Raises StuckError."""
        self.world.run_until(self.core.pattern.can_recv, seconds)
        message = self.try_recv()
        if message is None:
            raise Again
        return message

    def close(self, linger_ms: int = 0) -> None:
        """Close; messages go out for ``linger_ms`` milliseconds more (-1: all of them)."""
        self.core.close(linger_ms)
