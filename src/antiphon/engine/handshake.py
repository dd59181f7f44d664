"""Which protocol and which security mechanism a connection begins with."""

from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.errors import EPROTONOSUPPORT, EndpointError, OptionError
from antiphon.options import SocketOptions
from antiphon.wire.connection import Connection
from antiphon.wire.curve import CurveClient, CurveServer
from antiphon.wire.mechanism import Local, Mechanism, NullMechanism, Surroundings
from antiphon.wire.plain import PlainClient, PlainServer
from antiphon.wire.raw import RawConnection

__all__ = ("check_mechanism", "check_protocol", "make_connection")

_NULL: Final = 0
_PLAIN: Final = 1
_WEBSOCKET: Final = ("ws", "wss")


def check_mechanism(socket_type: bytes, options: SocketOptions) -> None:
    """Raise OptionError if the mechanism that the options choose lacks something.

    A program that has asked for a mechanism never talks without it.
    """
    if options.mechanism == _NULL:
        return
    if socket_type == b"STREAM":
        raise OptionError("MECHANISM", options.mechanism, "a STREAM has no handshake: unset it")
    if options.mechanism == _PLAIN:
        if not options.plain_server and not options.plain_username:
            raise OptionError("PLAIN_USERNAME", None, "a PLAIN client needs one: set it")
        return
    if not options.curve_secretkey:
        raise OptionError("CURVE_SECRETKEY", None, "CURVE needs our secret key: set it")
    if options.curve_server:
        return
    if not options.curve_publickey:
        raise OptionError("CURVE_PUBLICKEY", None, "a CURVE client needs its public key: set it")
    if not options.curve_serverkey:
        raise OptionError("CURVE_SERVERKEY", None, "a CURVE client needs the server's key: set it")


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
    surroundings: Surroundings,
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
    if socket_type == b"STREAM":
        return RawConnection(NullMechanism(local))
    mechanism = _make_mechanism(surroundings, local, options)
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
    return Connection(mechanism, options.maxmsgsize, options.max_frames, forwarding)


def _make_mechanism(surroundings: Surroundings, local: Local, options: SocketOptions) -> Mechanism:
    if options.mechanism == _NULL:
        return NullMechanism(local, bool(options.zap_domain))
    if options.mechanism == _PLAIN:
        if options.plain_server:
            return PlainServer(local)
        return PlainClient(local, options.plain_username, options.plain_password)
    if options.curve_server:
        return CurveServer(local, surroundings, options.curve_secretkey)
    return CurveClient(
        local,
        surroundings,
        options.curve_publickey,
        options.curve_secretkey,
        options.curve_serverkey,
    )
