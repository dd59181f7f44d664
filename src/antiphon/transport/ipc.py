"""ipc: Unix domain sockets, by path or by abstract name (Linux).

A path that nobody answers any more is taken over; one that somebody answers is refused (N25).
"""

import _socket as socket
import errno
import os
import stat

from antiphon.endpoint import Endpoint
from antiphon.errors import EADDRINUSE, EPROTONOSUPPORT, EndpointError
from antiphon.options import SocketOptions

__all__ = ("bind_socket", "connect_socket", "remove_path")


def _new_socket(endpoint: Endpoint) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise EndpointError(EPROTONOSUPPORT, endpoint.text, "this system has no ipc: use tcp")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def _address(path: str) -> str:
    return "\0" + path[1:] if path.startswith("@") else path


def connect_socket(endpoint: Endpoint) -> socket.socket:
    """Return a socket that has begun to connect. Raises OSError."""
    sock = _new_socket(endpoint)
    code = sock.connect_ex(_address(endpoint.path))
    if code:
        sock.close()
        raise OSError(code, os.strerror(code))
    return sock


def bind_socket(endpoint: Endpoint, options: SocketOptions) -> tuple[socket.socket, str]:
    """Return a listening socket and its path. Raises EndpointError."""
    path = endpoint.path
    if path == "*":
        import tempfile

        path = os.path.join(tempfile.mkdtemp(prefix="antiphon-"), "socket")
    sock = _new_socket(endpoint)
    try:
        if not path.startswith("@"):
            _take_over(path, endpoint)
        sock.bind(_address(path))
        sock.listen(options.backlog)
    except OSError as error:
        sock.close()
        why = error.strerror or str(error)
        if error.errno == errno.ENOENT:
            why = "the folder does not exist: make it first"
        raise EndpointError(error.errno or errno.EINVAL, endpoint.text, why) from None
    except EndpointError:
        sock.close()
        raise
    return sock, path


def _take_over(path: str, endpoint: Endpoint) -> None:
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise EndpointError(
                EADDRINUSE, endpoint.text, "the path is a file that is no socket: choose another"
            )
    except FileNotFoundError:
        return
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.setblocking(False)
        code = probe.connect_ex(path)
    finally:
        probe.close()
    if code in (0, errno.EAGAIN):
        raise EndpointError(
            EADDRINUSE, endpoint.text, "a live process listens there: choose another path"
        )
    os.unlink(path)


def remove_path(path: str) -> None:
    """Remove a socket's path, and the folder that ``*`` made for it."""
    if path.startswith("@"):
        return
    try:
        os.unlink(path)
        folder = os.path.dirname(path)
        if os.path.basename(folder).startswith("antiphon-"):
            os.rmdir(folder)
    except OSError:
        pass
