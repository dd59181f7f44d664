"""Which protocol and which security mechanism a connection begins with."""

from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.errors import EPROTONOSUPPORT, EndpointError, OptionError
from antiphon.options import SocketOptions
from antiphon.wire.connection import Connection
from antiphon.wire.mechanism import Local, Mechanism, NullMechanism
from antiphon.wire.raw import RawConnection

__all__ = ("check_protocol", "make_connection")

_WEBSOCKET: Final = ("ws", "wss")


def check_protocol(endpoint: Endpoint, options: SocketOptions, binder: bool) -> None:
    """Raise EndpointError or OptionError where an endpoint's protocol lacks what it needs."""
    if endpoint.scheme not in _WEBSOCKET:
        return
    try:
        import antiphon.wire.websocket  # noqa: F401
    except ImportError:
        why = "WebSocket needs wsproto: pip install 'antiphon[ws]'"
        raise EndpointError(EPROTONOSUPPORT, endpoint.text, why) from None
    if endpoint.scheme == "wss":
        _check_certificates(options, binder)


def _check_certificates(options: SocketOptions, binder: bool) -> None:
    if binder:
        for name, value in (
            ("WSS_CERT_PEM", options.wss_cert_pem),
            ("WSS_KEY_PEM", options.wss_key_pem),
        ):
            if not value:
                raise OptionError(name, None, "binding to wss needs it: set it before")
    elif not options.wss_trust_pem and not options.wss_trust_system:
        raise OptionError(
            "WSS_TRUST_PEM", None, "connecting to wss needs it, or WSS_TRUST_SYSTEM: set it before"
        )


def make_connection(
    socket_type: bytes,
    endpoint: Endpoint,
    options: SocketOptions,
    binder: bool,
    forwarding: bool,
) -> Connection:
    """Return a connection in its first state.

    ``socket_type`` is the wire name, ``endpoint`` what was bound or connected, ``binder`` tells
    whether our side has accepted, and ``forwarding`` leaves messages in their wire form.
    """
    local = Local(socket_type, options.routing_id, binder, options.metadata)
    mechanism = _make_mechanism(local)
    if endpoint.scheme in _WEBSOCKET:
        from antiphon.wire.websocket import WebSocketConnection

        return WebSocketConnection(
            mechanism,
            options.maxmsgsize,
            options.max_frames,
            forwarding,
            endpoint.authority,
            endpoint.path,
        )
    if socket_type == b"STREAM":
        return RawConnection(mechanism)
    return Connection(mechanism, options.maxmsgsize, options.max_frames, forwarding)


def _make_mechanism(local: Local) -> Mechanism:
    return NullMechanism(local)
