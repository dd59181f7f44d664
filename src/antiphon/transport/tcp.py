"""tcp: addresses and socket options; the sockets are non-blocking from birth."""

import _socket as socket
import errno
import os
import struct
import sys
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.errors import ENODEV, EndpointError
from antiphon.options import SocketOptions
from antiphon.transport.descriptors import Address

__all__ = (
    "bind_socket",
    "connect_socket",
    "endpoint_of",
    "is_own_end",
    "numeric_addresses",
    "tune",
)

_SIOCGIFADDR: Final = 0x8915


def numeric_addresses(endpoint: Endpoint) -> list[Address]:
    """Return the address of a numeric host; an empty list if it must be resolved."""
    import ipaddress

    try:
        host = ipaddress.ip_address(endpoint.host)
    except ValueError:
        return []
    family = socket.AF_INET if host.version == 4 else socket.AF_INET6
    return [(family, (endpoint.host, endpoint.port))]


def connect_socket(address: Address, endpoint: Endpoint, options: SocketOptions) -> socket.socket:
    """Return a socket that has begun to connect. Raises OSError."""
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        tune(sock, options)
        if endpoint.source_host:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((endpoint.source_host.replace("*", ""), endpoint.source_port))
        code = sock.connect_ex(target)
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


def bind_socket(endpoint: Endpoint, options: SocketOptions) -> socket.socket:
    """Return a listening socket. Raises EndpointError when the address cannot be had."""
    family, host = _bind_address(endpoint, options)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if options.bindtodevice and hasattr(socket, "SO_BINDTODEVICE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options.bindtodevice)
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            only = 0 if endpoint.host == "*" else 1
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        sock.bind((host, endpoint.port))
        sock.listen(options.backlog)
    except OSError as error:
        sock.close()
        raise EndpointError(error.errno or errno.EINVAL, endpoint.text, _why(error)) from None
    return sock


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use: choose another one, or * for any free port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "no interface of this machine has the address: use 127.0.0.1, or * for all"
    if error.errno == errno.EACCES:
        return "ports below 1024 need privileges: choose a higher one"
    return error.strerror or str(error)


def _bind_address(endpoint: Endpoint, options: SocketOptions) -> tuple[int, str]:
    if endpoint.host == "*":
        return (socket.AF_INET6, "::") if options.ipv6 else (socket.AF_INET, "0.0.0.0")
    addresses = numeric_addresses(endpoint)
    if addresses:
        return addresses[0][0], endpoint.host
    address = _interface_address(endpoint)
    return (socket.AF_INET, address) if address else _own_address(endpoint, options)


def _own_address(endpoint: Endpoint, options: SocketOptions) -> tuple[int, str]:
    # A name of this machine, such as localhost; binding waits for the answer.
    family = socket.AF_UNSPEC if options.ipv6 else socket.AF_INET
    try:
        found = socket.getaddrinfo(endpoint.host, None, family=family, type=socket.SOCK_STREAM)
    except OSError:
        raise EndpointError(
            ENODEV,
            endpoint.text,
            "the host is no address, interface or name of this machine: "
            "use an address such as 127.0.0.1, or * for all interfaces",
        ) from None
    return int(found[0][0]), str(found[0][4][0])


def _interface_address(endpoint: Endpoint) -> str:
    # An interface's name stands for its IPv4 address; there is a call for that on Linux.
    if sys.platform == "linux":
        import fcntl

        request = struct.pack("256s", endpoint.host.encode()[:15])
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
            return socket.inet_ntoa(answer[20:24])
        except OSError:
            pass
        finally:
            probe.close()
    return ""


def tune(sock: socket.socket, options: SocketOptions) -> None:
    """Set what the options say about a TCP connection; small messages are never delayed."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options.sndbuf >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.sndbuf)
    if options.rcvbuf >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.rcvbuf)
    if options.tos > 0:
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, options.tos)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, options.tos)
    if options.tcp_keepalive >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, options.tcp_keepalive)
    if options.bindtodevice and hasattr(socket, "SO_BINDTODEVICE"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, options.bindtodevice)
    for level, name, value in (
        (socket.SOL_SOCKET, "SO_PRIORITY", options.priority),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", options.tcp_keepalive_cnt),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", options.tcp_keepalive_idle),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", options.tcp_keepalive_intvl),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", options.tcp_maxrt),
    ):
        number = getattr(socket, name, None)
        if number is not None and value > 0:
            sock.setsockopt(level, number, value)


def is_own_end(sock: socket.socket) -> bool:
    """Tell whether a connection has come back to its own port, where nobody listened."""
    return sock.getsockname() == sock.getpeername()  # type: ignore[no-any-return]


def endpoint_of(scheme: str, name: tuple[object, ...]) -> str:
    """Return the endpoint of a socket's name: ``tcp://address:port``; IPv6 names have two more."""
    host, port = str(name[0]), name[1]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
