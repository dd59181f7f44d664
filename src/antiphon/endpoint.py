"""Endpoints such as ``tcp://host:port`` and ``ws://host:port/path``, taken apart and checked.

Nothing is looked up here: a host name stays a name, and whether a name is an interface of this
machine is for the transport to find out.

*Called by*: engine, transport, the ``zmq`` front, the command line. *Calls*: errors.
*Contract*: ``parse_endpoint`` returns an Endpoint or raises EndpointError, whatever the text.
"""

import re
from typing import Final

from antiphon.errors import EINVAL, ENAMETOOLONG, EPROTONOSUPPORT, EndpointError

__all__ = ("Endpoint", "parse_endpoint")

_IPC_MAX: Final = 107
_INPROC_MAX: Final = 256
_PORT_MAX: Final = 65535
_NAME_MAX: Final = 253
_SEPARATOR: Final = "://"

# Letters, digits, hyphens, dots and underscores: host names, and the names of interfaces.
_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DOTTED: Final = re.compile(r"[0-9.]+")
_ZONE: Final = re.compile(r"[A-Za-z0-9_.:-]+")
_PORT: Final = re.compile(r"[0-9]{1,5}")
#: What a request may ask for: printable, without the # that is never sent.
_REQUEST: Final = re.compile(r"/[!$-~]*")
_REQUEST_MAX: Final = 2048
#: Where WebSocket servers listen if nothing is said (RFC 6455 section 3).
_WEBSOCKET_PORTS: Final = {"ws": "80", "wss": "443"}


class Endpoint:
    """Where to bind or connect.

    ``scheme`` is ``"tcp"``, ``"ws"``, ``"wss"``, ``"ipc"`` or ``"inproc"``; ``address`` is what
    follows ``://``; ``text`` is the whole in its canonical form and ``given`` as the user wrote
    it. For tcp, ws and wss, ``host`` has no brackets and is ``"*"`` for all interfaces, and
    ``port`` is 0 for any free one. For tcp, ``source_host`` and ``source_port`` are where a
    connection is to come from (``""`` and 0: no matter). For ws and wss, ``path`` is what is asked
    for, and ``authority`` host and port as the user wrote them. For ipc and inproc, ``path`` is
    the path or name; ``"*"`` is a path to be chosen, and a leading ``@`` an abstract name.
    """

    def __init__(self, scheme: str, address: str, given: str) -> None:
        self.scheme: str = scheme
        self.address: str = address
        self.text: str = scheme + _SEPARATOR + address
        self.given: str = given
        self.host: str = ""
        self.port: int = 0
        self.path: str = ""
        self.authority: str = ""
        self.source_host: str = ""
        self.source_port: int = 0

    def __repr__(self) -> str:
        return f"Endpoint({self.text!r})"

    def __str__(self) -> str:
        return self.text


def parse_endpoint(text: str, *, bind: bool) -> Endpoint:
    """Take the endpoint ``text`` apart; ``bind`` says that it is to be bound, not connected.

    Raises EndpointError: EINVAL for a text that is no endpoint, EPROTONOSUPPORT for a transport
    that does not exist here, ENAMETOOLONG for an ipc path that no system takes.
    """
    scheme, separator, address = text.partition(_SEPARATOR)
    if not separator or not scheme:
        raise EndpointError(EINVAL, text, "write transport://address, as in tcp://127.0.0.1:5555")
    if scheme == "tcp":
        return _parse_tcp(text, address, bind)
    if scheme in _WEBSOCKET_PORTS:
        return _parse_websocket(scheme, text, address, bind)
    if scheme == "ipc":
        return _parse_ipc(text, address, bind)
    if scheme == "inproc":
        return _parse_inproc(text, address)
    if scheme.lower() in ("tcp", "ws", "wss", "ipc", "inproc"):
        why = f"write the transport in lower case: {scheme.lower()}://"
    else:
        why = "this transport is not supported: use tcp://, ws://, wss://, ipc:// or inproc://"
    raise EndpointError(EPROTONOSUPPORT, text, why)


def _parse_tcp(text: str, address: str, bind: bool) -> Endpoint:
    source, separator, target = address.rpartition(";")
    host, port = _split(text, target)
    host = _check_host(text, host, bind)
    number = _check_port(text, port, bind)
    canonical = _join(host, number)
    if not separator:
        endpoint = Endpoint("tcp", canonical, text)
    else:
        if bind:
            raise EndpointError(EINVAL, text, "only connect takes source;target: bind one address")
        source_host, source_port = _split(text, source)
        source_host = _check_host(text, source_host, True)
        source_number = _check_port(text, source_port, True)
        endpoint = Endpoint("tcp", f"{_join(source_host, source_number)};{canonical}", text)
        endpoint.source_host = source_host
        endpoint.source_port = source_number
    endpoint.host = host
    endpoint.port = number
    return endpoint


def _parse_websocket(scheme: str, text: str, address: str, bind: bool) -> Endpoint:
    authority, _, rest = address.partition("/")
    path = f"/{rest}"
    if len(path) > _REQUEST_MAX or not _REQUEST.fullmatch(path):
        raise EndpointError(
            EINVAL,
            text,
            f"the path is no path of a URL: at most {_REQUEST_MAX} printable ASCII characters, "
            "others in their %XX form",
        )
    target = authority
    if not bind and ":" not in authority.rpartition("]")[2]:
        target = f"{authority}:{_WEBSOCKET_PORTS[scheme]}"
    host, port = _split(text, target)
    host = _check_host(text, host, bind)
    number = _check_port(text, port, bind)
    endpoint = Endpoint(scheme, _join(host, number) + path, text)
    endpoint.host = host
    endpoint.port = number
    endpoint.path = path
    endpoint.authority = authority
    return endpoint


def _split(text: str, address: str) -> tuple[str, str]:
    """Return the host, without brackets, and the port of an address."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        raise EndpointError(EINVAL, text, "the port is missing: write host:port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise EndpointError(EINVAL, text, "only an IPv6 address stands in brackets")
    if not host:
        raise EndpointError(
            EINVAL,
            text,
            "the host is missing: write an address such as 127.0.0.1, or * to bind all",
        )
    return host, port


def _join(host: str, port: int) -> str:
    """Return a host and a port as they stand in an endpoint."""
    shown = str(port) if port else "*"
    return f"[{host}]:{shown}" if ":" in host else f"{host}:{shown}"


def _check_host(text: str, host: str, bind: bool) -> str:
    """Return the host in its canonical form."""
    if host == "*":
        if not bind:
            raise EndpointError(EINVAL, text, "* is for bind: connect to an address or host name")
        return host
    if ":" in host:
        return _check_ipv6(text, host)
    if _DOTTED.fullmatch(host):
        import ipaddress

        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise EndpointError(
                EINVAL, text, "the host is no IPv4 address: write four numbers from 0 to 255"
            ) from None
    if len(host) > _NAME_MAX or not _NAME.fullmatch(host):
        raise EndpointError(
            EINVAL,
            text,
            "the host is neither an address nor a name: use letters, digits, hyphens and dots, "
            "and an international name in its xn-- form",
        )
    return host


def _check_ipv6(text: str, host: str) -> str:
    import ipaddress

    address, percent, zone = host.partition("%")
    if percent and not _ZONE.fullmatch(zone):
        raise EndpointError(EINVAL, text, "name the interface after %, as in [fe80::1%eth0]")
    try:
        return str(ipaddress.IPv6Address(address)) + percent + zone
    except ValueError:
        raise EndpointError(
            EINVAL, text, "the host is no IPv6 address: write it in brackets, as in [::1]"
        ) from None


def _check_port(text: str, port: str, bind: bool) -> int:
    """Return the number of a port, 0 for any."""
    if port in ("*", "!", "0"):
        if not bind:
            raise EndpointError(EINVAL, text, "any port is for bind: connect to a port from 1")
        return 0
    number = int(port) if _PORT.fullmatch(port) else -1
    lowest = 0 if bind else 1
    if not lowest <= number <= _PORT_MAX:
        more = ", or * for any free one" if bind else ""
        raise EndpointError(EINVAL, text, f"the port must be a number from 1 to 65535{more}")
    return number


def _parse_ipc(text: str, path: str, bind: bool) -> Endpoint:
    if not path or path == "@":
        raise EndpointError(EINVAL, text, "the path is missing: write ipc:///path or ipc://@name")
    if path == "*" and not bind:
        raise EndpointError(EINVAL, text, "* is for bind: connect to the path that bind returned")
    if "\0" in path:
        raise EndpointError(EINVAL, text, "a path has no NUL: write ipc://@name for abstract names")
    try:
        size = len(path.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise EndpointError(EINVAL, text, "the path is not valid text: use another") from None
    if size > _IPC_MAX:
        raise EndpointError(
            ENAMETOOLONG, text, f"the path has {size} octets of {_IPC_MAX}: choose a shorter one"
        )
    endpoint = Endpoint("ipc", path, text)
    endpoint.path = path
    return endpoint


def _parse_inproc(text: str, name: str) -> Endpoint:
    if not name:
        raise EndpointError(EINVAL, text, "the name is missing: write inproc://name")
    if len(name) > _INPROC_MAX:
        raise EndpointError(
            EINVAL,
            text,
            f"the name has {len(name)} characters of {_INPROC_MAX}: choose a shorter one",
        )
    endpoint = Endpoint("inproc", name, text)
    endpoint.path = name
    return endpoint
