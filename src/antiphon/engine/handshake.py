"""Which protocol and which security mechanism a connection begins with."""

from antiphon.options import SocketOptions
from antiphon.wire.connection import Connection
from antiphon.wire.mechanism import Local, Mechanism, NullMechanism
from antiphon.wire.raw import RawConnection

__all__ = ("make_connection",)


def make_connection(
    socket_type: bytes, options: SocketOptions, binder: bool, forwarding: bool
) -> Connection:
    """Return a connection in its first state.

    ``socket_type`` is the wire name, ``binder`` tells whether our side has accepted, and
    ``forwarding`` leaves messages in their wire form.
    """
    local = Local(socket_type, options.routing_id, binder, options.metadata)
    mechanism = _make_mechanism(local)
    if socket_type == b"STREAM":
        return RawConnection(mechanism)
    return Connection(mechanism, options.maxmsgsize, options.max_frames, forwarding)


def _make_mechanism(local: Local) -> Mechanism:
    return NullMechanism(local)
