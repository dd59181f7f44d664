"""The options of a socket: their values, defaults and what each accepts.

One table, ``SPECS``, says it all: number, attribute, kind, range, and which socket types have it.
The values are attributes of SocketOptions, so that hot code reads them as such. Numbers, names,
defaults and units are those of libzmq 4.3.5; durations are in milliseconds.

*Called by*: engine, patterns, transport, the ``zmq`` front. *Calls*: constants, errors,
keys.
*Contract*: a SocketOptions is always valid: a refused value changes nothing and raises OptionError.
"""

from typing import Final

from antiphon.constants import OwnOption, SocketOption, SocketType
from antiphon.errors import OptionError, OptionTypeError
from antiphon.keys import KEY_SIZE, curve_available, z85_decode, z85_encode

__all__ = (
    "BOOL",
    "BYTES",
    "INT",
    "KEY",
    "LIVE",
    "SPECS",
    "TEXT",
    "OptionSpec",
    "SocketOptions",
    "option_name",
)

INT: Final = 0
"""A whole number within a range."""
BOOL: Final = 1
"""A switch, set by 0, 1 or a bool and returned as 0 or 1."""
BYTES: Final = 2
"""Bytes as they are, with a range of lengths."""
TEXT: Final = 3
"""Bytes that may be given as a str, which is encoded in UTF-8."""
KEY: Final = 4
"""A CURVE key: 32 bytes, or its Z85 form of 40 characters, which is what is returned."""

_INT_MAX: Final = 2**31 - 1
_INT64_MAX: Final = 2**63 - 1
_UINT64_MAX: Final = 2**64 - 1

_PLAIN: Final = 1
_CURVE: Final = 2

_SUB: Final = 2
_XSUB: Final = 10
_DISH: Final = 15

_HWM: Final = 1
_HEARTBEAT_TTL: Final = 76
_METADATA: Final = 95
_IPV4ONLY: Final = 31
_MECHANISM: Final = 43
_ROUTING_IDS: Final = (5, 61)
_SECRETS: Final = (46, 49, 103)
_CURVE_OPTIONS: Final = (47, 48, 49, 50)


class OptionSpec:
    """What one option accepts.

    ``number`` and ``name`` identify it, ``attribute`` holds its value, ``kind`` is INT, BOOL,
    BYTES, TEXT or KEY, ``minimum`` and ``maximum`` bound an INT's value and the length in bytes of
    the other kinds, ``readable`` says whether ``get`` returns it, ``types`` lists the socket types
    that have it (empty: all), ``clearable`` says whether ``None`` or ``b""`` takes it back.
    """

    def __init__(
        self,
        number: int,
        name: str,
        kind: int,
        minimum: int,
        maximum: int,
        readable: bool,
        types: list[int],
        clearable: bool,
    ) -> None:
        self.number = number
        self.name = name
        self.attribute = name.lower()
        self.kind = kind
        self.minimum = minimum
        self.maximum = maximum
        self.readable = readable
        self.types = types
        self.clearable = clearable

    def accepted(self) -> str:
        """Return in words what the option accepts."""
        low, high = self.minimum, self.maximum
        if self.kind == BOOL:
            return "it takes 0, 1, False or True"
        if self.kind == KEY:
            return "it takes 32 bytes, or the 40 characters of their Z85 form"
        if self.kind == INT:
            return f"it takes an int from {low} to {high}"
        what = "bytes" if self.kind == BYTES else "a str or bytes"
        if high == _INT_MAX:
            return f"it takes {what}"
        return f"it takes {what} of {low} to {high} octets"


_NAMES: Final[dict[int, str]] = {
    int(option): str(option.name) for option in (*SocketOption, *OwnOption)
}


def option_name(option: int) -> str:
    """Return the name of the option with the number ``option``, for messages."""
    return _NAMES.get(option, f"number {option}")


def _spec(
    option: int,
    kind: int,
    minimum: int = 0,
    maximum: int = _INT_MAX,
    readable: bool = True,
    types: tuple[str, ...] = (),
    clearable: bool = False,
) -> OptionSpec:
    numbers = [int(SocketType[name]) for name in types]
    name = option_name(option)
    return OptionSpec(option, name, kind, minimum, maximum, readable, numbers, clearable)


def _specs() -> dict[int, OptionSpec]:
    """Return the table of all options that are values; the rest is in ``_ELSEWHERE``."""
    o = SocketOption
    xpub = ("PUB", "XPUB")
    hello = ("ROUTER", "DEALER", "CLIENT", "SERVER", "PEER")
    table = [
        # Who we are.
        _spec(o.AFFINITY, INT, 0, _UINT64_MAX),
        _spec(o.ROUTING_ID, BYTES, 1, 255),
        _spec(o.CONNECT_ROUTING_ID, BYTES, 1, 255, False, ("ROUTER", "STREAM", "PEER"), True),
        # Bounds of queues and messages.
        _spec(o.SNDHWM, INT),
        _spec(o.RCVHWM, INT),
        _spec(o.MAXMSGSIZE, INT, -1, _INT64_MAX),
        _spec(o.CONFLATE, BOOL, 0, 1),
        _spec(OwnOption.SNDHWM_BYTES, INT, 1, _INT64_MAX),
        _spec(OwnOption.RCVHWM_BYTES, INT, 1, _INT64_MAX),
        _spec(OwnOption.MAX_FRAMES, INT, 1),
        _spec(OwnOption.MAX_HALF_OPEN, INT),
        _spec(OwnOption.MAX_HALF_OPEN_PER_ADDRESS, INT),
        _spec(OwnOption.MAX_HANDSHAKE_RATE, INT),
        _spec(OwnOption.MAX_TOPICS, INT, 0, _INT_MAX, True, (*xpub, "RADIO")),
        _spec(OwnOption.MAX_TOPICS_BYTES, INT, 0, _INT64_MAX, True, (*xpub, "RADIO")),
        # Times, in milliseconds.
        _spec(o.LINGER, INT, -1),
        _spec(o.SNDTIMEO, INT, -1),
        _spec(o.RCVTIMEO, INT, -1),
        _spec(o.HANDSHAKE_IVL, INT),
        _spec(OwnOption.SNDSTALL_IVL, INT),
        _spec(o.CONNECT_TIMEOUT, INT),
        _spec(o.RECONNECT_IVL, INT, -1),
        _spec(o.RECONNECT_IVL_MAX, INT),
        _spec(o.RECONNECT_STOP, INT, 0, 7),
        _spec(o.HEARTBEAT_IVL, INT),
        _spec(o.HEARTBEAT_TTL, INT, 0, 6553599),
        _spec(o.HEARTBEAT_TIMEOUT, INT, -1),
        # The network.
        _spec(o.IMMEDIATE, BOOL, 0, 1),
        _spec(o.IPV6, BOOL, 0, 1),
        _spec(o.BACKLOG, INT),
        _spec(o.SNDBUF, INT, -1),
        _spec(o.RCVBUF, INT, -1),
        _spec(o.TOS, INT, 0, 255),
        _spec(o.PRIORITY, INT),
        _spec(o.BINDTODEVICE, TEXT, 1, 255, True, (), True),
        _spec(o.TCP_KEEPALIVE, INT, -1, 1),
        _spec(o.TCP_KEEPALIVE_CNT, INT, -1),
        _spec(o.TCP_KEEPALIVE_IDLE, INT, -1),
        _spec(o.TCP_KEEPALIVE_INTVL, INT, -1),
        _spec(o.TCP_MAXRT, INT),
        # Request and reply.
        _spec(o.ROUTER_MANDATORY, BOOL, 0, 1, False, ("ROUTER",)),
        _spec(o.ROUTER_HANDOVER, BOOL, 0, 1, False, ("ROUTER",)),
        _spec(o.ROUTER_NOTIFY, INT, 0, 3, True, ("ROUTER",)),
        _spec(o.PROBE_ROUTER, BOOL, 0, 1, False, ("ROUTER", "DEALER", "REQ")),
        _spec(o.REQ_CORRELATE, BOOL, 0, 1, False, ("REQ",)),
        _spec(o.REQ_RELAXED, BOOL, 0, 1, False, ("REQ",)),
        _spec(o.HELLO_MSG, BYTES, 0, _INT_MAX, False, hello, True),
        _spec(o.DISCONNECT_MSG, BYTES, 0, _INT_MAX, False, ("ROUTER", "SERVER", "PEER"), True),
        _spec(o.HICCUP_MSG, BYTES, 0, _INT_MAX, False, ("DEALER", "CLIENT", "PEER"), True),
        # Publish and subscribe.
        _spec(o.XPUB_VERBOSE, BOOL, 0, 1, False, xpub),
        _spec(o.XPUB_VERBOSER, BOOL, 0, 1, False, xpub),
        _spec(o.XPUB_NODROP, BOOL, 0, 1, False, (*xpub, "RADIO")),
        _spec(o.XPUB_MANUAL, BOOL, 0, 1, False, xpub),
        _spec(o.XPUB_MANUAL_LAST_VALUE, BOOL, 0, 1, False, xpub),
        _spec(o.XPUB_WELCOME_MSG, BYTES, 0, _INT_MAX, False, xpub, True),
        _spec(o.XSUB_VERBOSE_UNSUBSCRIBE, BOOL, 0, 1, False, ("SUB", "XSUB")),
        _spec(o.ONLY_FIRST_SUBSCRIBE, BOOL, 0, 1, False, (*xpub, "SUB", "XSUB")),
        _spec(o.INVERT_MATCHING, BOOL, 0, 1),
        _spec(o.STREAM_NOTIFY, BOOL, 0, 1, False, ("STREAM",)),
        # Security and metadata.
        _spec(o.PLAIN_SERVER, BOOL, 0, 1),
        _spec(o.PLAIN_USERNAME, TEXT, 1, 255, True, (), True),
        _spec(o.PLAIN_PASSWORD, TEXT, 1, 255, True, (), True),
        _spec(o.CURVE_SERVER, BOOL, 0, 1),
        _spec(o.CURVE_PUBLICKEY, KEY, 32, 41, True, (), True),
        _spec(o.CURVE_SECRETKEY, KEY, 32, 41, True, (), True),
        _spec(o.CURVE_SERVERKEY, KEY, 32, 41, True, (), True),
        _spec(o.ZAP_DOMAIN, TEXT, 0, 255),
        _spec(o.ZAP_ENFORCE_DOMAIN, BOOL, 0, 1),
        _spec(o.WSS_KEY_PEM, TEXT, 1, _INT_MAX, False, (), True),
        _spec(o.WSS_CERT_PEM, TEXT, 1, _INT_MAX, False, (), True),
        _spec(o.WSS_TRUST_PEM, TEXT, 1, _INT_MAX, False, (), True),
        _spec(o.WSS_HOSTNAME, TEXT, 1, 255, False, (), True),
        _spec(o.WSS_TRUST_SYSTEM, BOOL, 0, 1, False),
        _spec(o.METADATA, TEXT, 0, _INT_MAX, False),
    ]
    return {spec.number: spec for spec in table}


SPECS: Final[dict[int, OptionSpec]] = _specs()
"""What each option accepts, by its number."""

LIVE: Final[frozenset[int]] = frozenset(
    int(SocketOption[name])
    for name in (
        "LINGER",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "ROUTER_HANDOVER",
        "ROUTER_MANDATORY",
        "PROBE_ROUTER",
        "XPUB_VERBOSE",
        "XPUB_VERBOSER",
        "REQ_CORRELATE",
        "REQ_RELAXED",
        "SNDHWM",
        "RCVHWM",
        "SNDTIMEO",
        "RCVTIMEO",
    )
)
"""The options that take effect at once; all others count for later binds and connects."""


def _elsewhere() -> dict[int, str]:
    """Return why each remaining option of libzmq is not a value here, by its number."""
    reasons: dict[int, str] = {}
    for names, reason in (
        (
            "RCVMORE FD EVENTS TYPE LAST_ENDPOINT THREAD_SAFE TOPICS_COUNT",
            "it can only be read, and only from a socket",
        ),
        ("SUBSCRIBE UNSUBSCRIBE", "it is no value: a SUB socket acts on it at once"),
        ("BLOCKY", "it belongs to the context"),
        ("USE_FD", "adopting a descriptor is not supported: bind an endpoint"),
        ("ROUTER_RAW", "it is deprecated and not supported: use a plain TCP socket"),
        (
            "TCP_ACCEPT_FILTER IPC_FILTER_PID IPC_FILTER_UID IPC_FILTER_GID",
            "accept filters are deprecated and not supported: use a firewall or a folder's mode",
        ),
        (
            "RATE RECOVERY_IVL MULTICAST_HOPS MULTICAST_MAXTPDU MULTICAST_LOOP",
            "multicast is not supported: use tcp",
        ),
        ("SOCKS_PROXY SOCKS_USERNAME SOCKS_PASSWORD", "proxies are not supported: use a tunnel"),
        (
            "BUSY_POLL IN_BATCH_SIZE OUT_BATCH_SIZE",
            "the engine sizes its own buffers: leave it out",
        ),
        ("LOOPBACK_FASTPATH", "it is of no use on this system: leave it out"),
    ):
        for name in names.split():
            reasons[int(SocketOption[name])] = reason
    for option in SocketOption:
        for prefix, what in (("GSSAPI_", "GSSAPI"), ("VMCI_", "VMCI"), ("NORM_", "NORM")):
            if str(option.name).startswith(prefix):
                reasons[int(option.value)] = f"{what} is not supported: use tcp or ipc"
    return reasons


_ELSEWHERE: Final[dict[int, str]] = _elsewhere()


class SocketOptions:
    """The values of all options of one socket, with libzmq's defaults.

    ``socket_type`` is the socket's number: options that the type does not have are refused, and
    subscribers get a linger of 0. With -1 every option is accepted.
    """

    def __init__(self, socket_type: int = -1) -> None:
        self.socket_type: int = socket_type
        # Who we are.
        self.affinity: int = 0
        self.routing_id: bytes = b""
        self.connect_routing_id: bytes = b""
        # Bounds of queues and messages; a HWM of 0 is no bound on the number of messages.
        self.sndhwm: int = 1000
        self.rcvhwm: int = 1000
        self.maxmsgsize: int = -1
        self.conflate: bool = False
        self.sndhwm_bytes: int = 64 * 1024 * 1024
        self.rcvhwm_bytes: int = 8 * 1024 * 1024
        self.max_frames: int = 65536
        # Unfinished handshakes at a bound endpoint, in all and from one address; 0 is no bound.
        self.max_half_open: int = 1024
        self.max_half_open_per_address: int = 256
        # Handshakes that one address may begin in a second; 0 is no bound.
        self.max_handshake_rate: int = 0
        # What a peer may subscribe to: different topics, and octets of all of them; 0 is no bound.
        # Long topics take some twenty times their size: none makes a socket hold 16 MiB (M5).
        self.max_topics: int = 10_000
        self.max_topics_bytes: int = 512 * 1024
        # Times, in milliseconds.
        self.linger: int = 0 if socket_type in (_SUB, _XSUB, _DISH) else -1
        self.sndtimeo: int = -1
        self.rcvtimeo: int = -1
        self.handshake_ivl: int = 30000
        self.sndstall_ivl: int = 0
        self.connect_timeout: int = 0
        self.reconnect_ivl: int = 100
        self.reconnect_ivl_max: int = 0
        self.reconnect_stop: int = 0
        self.heartbeat_ivl: int = 0
        self.heartbeat_ttl: int = 0
        self.heartbeat_timeout: int = -1
        # The network.
        self.immediate: bool = False
        self.ipv6: bool = False
        self.backlog: int = 100
        self.sndbuf: int = -1
        self.rcvbuf: int = -1
        self.tos: int = 0
        self.priority: int = 0
        self.bindtodevice: bytes = b""
        self.tcp_keepalive: int = -1
        self.tcp_keepalive_cnt: int = -1
        self.tcp_keepalive_idle: int = -1
        self.tcp_keepalive_intvl: int = -1
        self.tcp_maxrt: int = 0
        # Request and reply.
        self.router_mandatory: bool = False
        self.router_handover: bool = False
        self.router_notify: int = 0
        self.probe_router: bool = False
        self.req_correlate: bool = False
        self.req_relaxed: bool = False
        self.hello_msg: bytes = b""
        self.disconnect_msg: bytes = b""
        self.hiccup_msg: bytes = b""
        # Publish and subscribe.
        self.xpub_verbose: bool = False
        self.xpub_verboser: bool = False
        self.xpub_nodrop: bool = False
        self.xpub_manual: bool = False
        self.xpub_manual_last_value: bool = False
        self.xpub_welcome_msg: bytes = b""
        self.xsub_verbose_unsubscribe: bool = False
        self.only_first_subscribe: bool = False
        self.invert_matching: bool = False
        self.stream_notify: bool = True
        # Security and metadata; keys are the 32 bytes, or empty.
        self.mechanism: int = 0
        self.plain_server: bool = False
        self.plain_username: bytes = b""
        self.plain_password: bytes = b""
        self.curve_server: bool = False
        self.curve_publickey: bytes = b""
        self.curve_secretkey: bytes = b""
        self.curve_serverkey: bytes = b""
        self.zap_domain: bytes = b""
        self.zap_enforce_domain: bool = False
        # wss: certificates and the key as PEM texts.
        self.wss_key_pem: bytes = b""
        self.wss_cert_pem: bytes = b""
        self.wss_trust_pem: bytes = b""
        self.wss_hostname: bytes = b""
        self.wss_trust_system: bool = False
        self.metadata: list[tuple[bytes, bytes]] = []

    def set(self, option: int, value: object) -> None:
        """Set the option with the number ``option``.

        ``value`` is an int, bool, bytes or str, as the option's kind asks; durations are in
        milliseconds. Raises OptionError for an unknown option, one that this socket type does not
        have, or a value out of range, and OptionTypeError for a value of the wrong type.
        """
        if option == _HWM:
            self.set(SocketOption.SNDHWM, value)
            self.set(SocketOption.RCVHWM, value)
            return
        if option == _IPV4ONLY:
            self.ipv6 = not _number(_IPV4ONLY_SPEC, value)
            return
        spec = self._find(option, value)
        kind = spec.kind
        if value and option in _CURVE_OPTIONS:
            _check_curve(spec)
        if kind == INT:
            number = _number(spec, value)
            if option == _HEARTBEAT_TTL:
                number -= number % 100
            setattr(self, spec.attribute, number)
        elif kind == BOOL:
            setattr(self, spec.attribute, _number(spec, value) != 0)
        elif option == _METADATA:
            self._add_metadata(spec, _octets(spec, value))
        elif kind == KEY:
            setattr(self, spec.attribute, _key(spec, value))
        else:
            setattr(self, spec.attribute, _octets(spec, value))
        self._choose_mechanism(spec)
        if spec.attribute == "xpub_verbose":
            # The last of the two that was set decides, as in libzmq.
            self.xpub_verboser = False
        elif spec.attribute == "xpub_verboser":
            self.xpub_verbose = self.xpub_verboser

    def get(self, option: int) -> int | bytes | str:
        """Return the value of the option with the number ``option``.

        Switches are 0 or 1, CURVE keys their Z85 form. Raises OptionError for an option that is
        unknown, cannot be read, or does not belong to this socket type.
        """
        if option == _HWM:
            return self.sndhwm
        if option == _IPV4ONLY:
            return 0 if self.ipv6 else 1
        if option == _MECHANISM:
            return self.mechanism
        spec = self._find(option, None)
        if not spec.readable:
            raise OptionError(spec.name, None, "it can be set but not read")
        value = getattr(self, spec.attribute)
        if spec.kind in (INT, BOOL):
            return int(value)
        octets = bytes(value)
        return z85_encode(octets) if spec.kind == KEY else octets

    def of(self, socket_type: int) -> "SocketOptions":
        """Return a copy for a socket of a type, with the type's own default of LINGER."""
        other = self.copy()
        other.socket_type = socket_type
        if other.linger == -1:
            other.linger = SocketOptions(socket_type).linger
        return other

    def copy(self) -> "SocketOptions":
        """Return another SocketOptions with the same values, independent of this one."""
        other = SocketOptions(self.socket_type)
        for attribute in _ATTRIBUTES:
            setattr(other, attribute, getattr(self, attribute))
        other.mechanism = self.mechanism
        other.metadata = self.metadata.copy()
        return other

    def _find(self, option: int, value: object) -> OptionSpec:
        spec = SPECS.get(option)
        if spec is None:
            name = option_name(option)
            fix = _ELSEWHERE.get(
                option, "there is no such option: see SocketOption for their names"
            )
            if option == _MECHANISM:
                fix = "it can only be read: set PLAIN_ or CURVE_ options to choose a mechanism"
            raise OptionError(name, None, fix)
        if spec.types and self.socket_type >= 0 and self.socket_type not in spec.types:
            names = ", ".join(SocketType(number).name for number in spec.types)
            raise OptionError(
                spec.name, _safe(spec, value), f"only these socket types have it: {names}"
            )
        return spec

    def _add_metadata(self, spec: OptionSpec, octets: bytes) -> None:
        name, colon, value = octets.partition(b":")
        if not colon or not value or len(name) > 255 or not name.startswith(b"X-"):
            raise OptionError(
                spec.name, octets, 'it takes "X-name:value", the name of at most 255 octets'
            )
        kept = [pair for pair in self.metadata if pair[0] != name]
        self.metadata = [*kept, (name, value)]

    def _choose_mechanism(self, spec: OptionSpec) -> None:
        """Let the last security option that was set decide, as libzmq does."""
        attribute = spec.attribute
        if attribute == "plain_server":
            self.mechanism = _PLAIN if self.plain_server else 0
        elif attribute == "curve_server":
            self.mechanism = _CURVE if self.curve_server else 0
        elif attribute in ("plain_username", "plain_password"):
            given = self.plain_username if attribute == "plain_username" else self.plain_password
            self.mechanism = _PLAIN if given else 0
            self.plain_server = False
        elif spec.kind == KEY:
            self.mechanism = _CURVE if getattr(self, attribute) else 0
            if attribute == "curve_serverkey":
                self.curve_server = False


_IPV4ONLY_SPEC: Final = OptionSpec(_IPV4ONLY, "IPV4ONLY", BOOL, 0, 1, True, [], False)

_ATTRIBUTES: Final[tuple[str, ...]] = tuple(
    spec.attribute for spec in SPECS.values() if spec.number != _METADATA
)


def _check_curve(spec: OptionSpec) -> None:
    """Raise OptionError if CURVE cannot be used."""
    if not curve_available():
        raise OptionError(spec.name, None, "CURVE needs PyNaCl: pip install antiphon[curve]")


def _safe(spec: OptionSpec, value: object) -> object:
    """Return the value to show in a message: never a secret."""
    return "(not shown)" if spec.number in _SECRETS and value is not None else value


def _number(spec: OptionSpec, value: object) -> int:
    """Return the value of an INT or BOOL option, checked."""
    if not isinstance(value, int):
        raise OptionTypeError(spec.name, value, spec.accepted())
    number = int(value)
    if number < spec.minimum or number > spec.maximum:
        raise OptionError(spec.name, value, spec.accepted())
    return number


def _octets(spec: OptionSpec, value: object) -> bytes:
    """Return the value of a BYTES or TEXT option, checked."""
    if value is None and spec.clearable:
        return b""
    if isinstance(value, str) and spec.kind != BYTES:
        try:
            octets = value.encode("utf-8")
        except UnicodeEncodeError:
            raise OptionError(spec.name, _safe(spec, value), "it cannot be UTF-8") from None
    elif isinstance(value, (bytes, bytearray, memoryview)):
        octets = bytes(value)
    else:
        raise OptionTypeError(spec.name, _safe(spec, value), spec.accepted())
    if not octets and spec.clearable:
        return octets
    if not spec.minimum <= len(octets) <= spec.maximum:
        raise OptionError(spec.name, _safe(spec, octets), spec.accepted())
    if spec.number in _ROUTING_IDS and octets[0] == 0:
        raise OptionError(
            spec.name,
            octets,
            "ids that begin with a zero octet are for a ROUTER to give: use another",
        )
    return octets


def _key(spec: OptionSpec, value: object) -> bytes:
    """Return the 32 bytes of a CURVE key that was given raw or in its Z85 form."""
    given = _octets(spec, value)
    if not given or len(given) == KEY_SIZE:
        return given
    if len(given) == 41 and given[40] == 0:
        given = given[:40]
    key = z85_decode(given) if len(given) == 40 else b""
    if len(key) != KEY_SIZE:
        raise OptionError(spec.name, _safe(spec, given), spec.accepted())
    return key
