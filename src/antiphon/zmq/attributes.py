"""Options as attributes of sockets and contexts, under their names in either case.

Type checkers see every option with its type, and no other name; at run time the classes have a
descriptor for each, as __getattr__() would make every other attribute slow, those of each message
too. A test holds the two against each other.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from antiphon.constants import ContextOption, OwnOption, SocketOption
from antiphon.errors import OptionError

__all__ = (
    "CONTEXT_OPTIONS",
    "SOCKET_OPTIONS",
    "ContextAttributes",
    "OptionAttributes",
    "SocketAttributes",
)

SOCKET_OPTIONS: Final[dict[str, int]] = {
    name.lower(): int(member)
    for enum in (SocketOption, OwnOption)
    for name, member in enum.__members__.items()
}
"""The numbers of the sockets' options, by their names in lower case."""

CONTEXT_OPTIONS: Final[dict[str, int]] = {
    **{name.lower(): int(member) for name, member in ContextOption.__members__.items()},
    "blocky": int(SocketOption.BLOCKY),
}
"""The same of the contexts' own options."""

if TYPE_CHECKING:

    class _Text:
        """An option that may be set as text, and is read as bytes."""

        def __get__(self, instance: object, owner: object = None) -> bytes: ...
        def __set__(self, instance: object, value: str | bytes | None) -> None: ...


class OptionAttributes:
    """Reads and sets options as attributes; a subclass may have others if its class names them.

    What names an attribute is a value or an annotation in the body of the class, as in pyzmq.
    """

    #: Methods that may be called by setting them, as in pyzmq: ``sub.subscribe = b""``.
    _called_by_setting: ClassVar[tuple[str, ...]] = ()

    def _get_named(self, name: str) -> Any:
        raise NotImplementedError

    def _set_named(self, name: str, value: Any) -> None:
        raise NotImplementedError

    if TYPE_CHECKING:
        affinity: int
        backlog: int
        bindtodevice = _Text()
        conflate: int
        connect_rid: bytes
        connect_routing_id: bytes
        connect_timeout: int
        curve_publickey = _Text()
        curve_secretkey = _Text()
        curve_server: int
        curve_serverkey = _Text()
        delay_attach_on_connect: int
        disconnect_msg: bytes
        fail_unroutable: int
        handshake_ivl: int
        heartbeat_ivl: int
        heartbeat_timeout: int
        heartbeat_ttl: int
        hello_msg: bytes
        hiccup_msg: bytes
        identity: bytes
        immediate: int
        invert_matching: int
        ipv4only: int
        ipv6: int
        linger: int
        max_frames: int
        max_half_open: int
        max_half_open_per_address: int
        max_handshake_rate: int
        max_topics: int
        max_topics_bytes: int
        maxmsgsize: int
        mechanism: int
        metadata = _Text()
        only_first_subscribe: int
        plain_password = _Text()
        plain_server: int
        plain_username = _Text()
        priority: int
        probe_router: int
        rcvbuf: int
        rcvhwm: int
        rcvhwm_bytes: int
        rcvtimeo: int
        reconnect_ivl: int
        reconnect_ivl_max: int
        reconnect_stop: int
        req_correlate: int
        req_relaxed: int
        router_behavior: int
        router_handover: int
        router_mandatory: int
        router_notify: int
        routing_id: bytes
        sndbuf: int
        sndhwm: int
        sndhwm_bytes: int
        sndstall_ivl: int
        sndtimeo: int
        stream_notify: int
        tcp_keepalive: int
        tcp_keepalive_cnt: int
        tcp_keepalive_idle: int
        tcp_keepalive_intvl: int
        tcp_maxrt: int
        tos: int
        wss_cert_pem = _Text()
        wss_hostname = _Text()
        wss_key_pem = _Text()
        wss_trust_pem = _Text()
        wss_trust_system: int
        xpub_manual: int
        xpub_manual_last_value: int
        xpub_nodrop: int
        xpub_verbose: int
        xpub_verboser: int
        xpub_welcome_msg: bytes
        xsub_verbose_unsubscribe: int
        zap_domain = _Text()
        zap_enforce_domain: int
        AFFINITY: int
        BACKLOG: int
        BINDTODEVICE = _Text()
        CONFLATE: int
        CONNECT_RID: bytes
        CONNECT_ROUTING_ID: bytes
        CONNECT_TIMEOUT: int
        CURVE_PUBLICKEY = _Text()
        CURVE_SECRETKEY = _Text()
        CURVE_SERVER: int
        CURVE_SERVERKEY = _Text()
        DELAY_ATTACH_ON_CONNECT: int
        DISCONNECT_MSG: bytes
        FAIL_UNROUTABLE: int
        HANDSHAKE_IVL: int
        HEARTBEAT_IVL: int
        HEARTBEAT_TIMEOUT: int
        HEARTBEAT_TTL: int
        HELLO_MSG: bytes
        HICCUP_MSG: bytes
        IDENTITY: bytes
        IMMEDIATE: int
        INVERT_MATCHING: int
        IPV4ONLY: int
        IPV6: int
        LINGER: int
        MAX_FRAMES: int
        MAX_HALF_OPEN: int
        MAX_HALF_OPEN_PER_ADDRESS: int
        MAX_HANDSHAKE_RATE: int
        MAX_TOPICS: int
        MAX_TOPICS_BYTES: int
        MAXMSGSIZE: int
        MECHANISM: int
        METADATA = _Text()
        ONLY_FIRST_SUBSCRIBE: int
        PLAIN_PASSWORD = _Text()
        PLAIN_SERVER: int
        PLAIN_USERNAME = _Text()
        PRIORITY: int
        PROBE_ROUTER: int
        RCVBUF: int
        RCVHWM: int
        RCVHWM_BYTES: int
        RCVTIMEO: int
        RECONNECT_IVL: int
        RECONNECT_IVL_MAX: int
        RECONNECT_STOP: int
        REQ_CORRELATE: int
        REQ_RELAXED: int
        ROUTER_BEHAVIOR: int
        ROUTER_HANDOVER: int
        ROUTER_MANDATORY: int
        ROUTER_NOTIFY: int
        ROUTING_ID: bytes
        SNDBUF: int
        SNDHWM: int
        SNDHWM_BYTES: int
        SNDSTALL_IVL: int
        SNDTIMEO: int
        STREAM_NOTIFY: int
        TCP_KEEPALIVE: int
        TCP_KEEPALIVE_CNT: int
        TCP_KEEPALIVE_IDLE: int
        TCP_KEEPALIVE_INTVL: int
        TCP_MAXRT: int
        TOS: int
        WSS_CERT_PEM = _Text()
        WSS_HOSTNAME = _Text()
        WSS_KEY_PEM = _Text()
        WSS_TRUST_PEM = _Text()
        WSS_TRUST_SYSTEM: int
        XPUB_MANUAL: int
        XPUB_MANUAL_LAST_VALUE: int
        XPUB_NODROP: int
        XPUB_VERBOSE: int
        XPUB_VERBOSER: int
        XPUB_WELCOME_MSG: bytes
        XSUB_VERBOSE_UNSUBSCRIBE: int
        ZAP_DOMAIN = _Text()
        ZAP_ENFORCE_DOMAIN: int
        HWM: int
    else:

        def __setattr__(self, name: str, value: Any) -> None:
            option = name.lower()
            if option in self._called_by_setting:
                getattr(self, option)(value)
            elif name.startswith("_") or _declares(type(self), name):
                object.__setattr__(self, name, value)
            else:
                raise AttributeError(f"{type(self).__name__} has no attribute or option {name!r}")


class SocketAttributes(OptionAttributes):
    """What only sockets have: options that tell of the moment, and subscriptions."""

    _called_by_setting = ("subscribe", "unsubscribe")

    def subscribe(self, topic: str | bytes) -> None:
        """Let a SUB receive what begins with ``topic``. Raises OptionError for other types."""
        self._set_named("subscribe", topic.encode() if isinstance(topic, str) else topic)

    def unsubscribe(self, topic: str | bytes) -> None:
        """End one subscription of a SUB. Raises OptionError for other types."""
        self._set_named("unsubscribe", topic.encode() if isinstance(topic, str) else topic)

    if TYPE_CHECKING:
        events: int
        fd: int
        rcvmore: int
        thread_safe: int
        topics_count: int
        EVENTS: int
        FD: int
        RCVMORE: int
        THREAD_SAFE: int
        TOPICS_COUNT: int
        TYPE: int
        LAST_ENDPOINT: bytes


class ContextAttributes(OptionAttributes):
    """What only contexts have."""

    if TYPE_CHECKING:
        io_threads: int
        max_sockets: int
        socket_limit: int
        blocky: int
        max_msgsz: int
        IO_THREADS: int
        MAX_SOCKETS: int
        SOCKET_LIMIT: int
        BLOCKY: int
        MAX_MSGSZ: int


class _Option:
    """An option as an attribute."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: OptionAttributes | None, owner: object = None) -> Any:
        if instance is None:
            return self
        try:
            return instance._get_named(self.name)  # noqa: SLF001 - one thing with its class
        except OptionError as error:
            # What hasattr(), and getattr() with a default, expect of what cannot be read.
            raise AttributeError(str(error)) from error

    def __set__(self, instance: OptionAttributes, value: Any) -> None:
        instance._set_named(self.name, value)  # noqa: SLF001 - one thing with its class


def _describe(kind: type[object], names: dict[str, int]) -> None:
    for name in names:
        option = _Option(name)
        for attribute in (name, name.upper()):
            if attribute not in kind.__dict__:
                setattr(kind, attribute, option)


_describe(OptionAttributes, SOCKET_OPTIONS)
_describe(ContextAttributes, CONTEXT_OPTIONS)


def _declares(kind: type[object], name: str) -> bool:
    return any(
        name in cls.__dict__ or name in getattr(cls, "__annotations__", ()) for cls in kind.__mro__
    )
