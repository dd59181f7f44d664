"""Every exception that Antiphon raises, and the errno values that they carry.

The names and numbers are those of libzmq and pyzmq, so that ``except zmq.Again`` and a comparison
of ``errno`` work unchanged; what is added says more of the cause and names the remedy.

*Called by*: every room. *Calls*: the standard library's ``errno`` and ``os``.
*Contract*: each exception survives ``copy`` and ``pickle``; ``str(error)`` is one readable line.
"""

import errno as _errno
import os
from typing import Any, Final

__all__ = (
    "EACCES",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EAGAIN",
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EFAULT",
    "EFSM",
    "EHOSTUNREACH",
    "EINPROGRESS",
    "EINTR",
    "EINVAL",
    "EMFILE",
    "EMSGSIZE",
    "EMTHREAD",
    "EMULATED_VERSION",
    "ENAMETOOLONG",
    "ENETDOWN",
    "ENETRESET",
    "ENETUNREACH",
    "ENOBUFS",
    "ENOCOMPATPROTO",
    "ENODEV",
    "ENOENT",
    "ENOTCONN",
    "ENOTSOCK",
    "ENOTSUP",
    "EPIPE",
    "EPROTO",
    "EPROTONOSUPPORT",
    "ETERM",
    "ETIMEDOUT",
    "ZMQ_HAUSNUMERO",
    "Again",
    "AuthenticationError",
    "ContextTerminated",
    "EndpointError",
    "ForkedError",
    "HandshakeError",
    "HostUnreachable",
    "InterruptedSystemCall",
    "NotDone",
    "OperationNotSupported",
    "OptionError",
    "OptionTypeError",
    "ProtocolError",
    "SocketClosed",
    "StateError",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "error_for",
    "strerror",
)

EMULATED_VERSION: Final = "4.3.5"
"""The version of libzmq whose behaviour is the yardstick."""

ZMQ_HAUSNUMERO: Final = 156384712
"""Where libzmq's own error numbers start."""


def _number(name: str, offset: int) -> int:
    """Return the system's number for ``name``, else libzmq's substitute at ``offset``."""
    return int(getattr(_errno, name, ZMQ_HAUSNUMERO + offset))


EACCES: Final = _errno.EACCES
EINTR: Final = _errno.EINTR
EAGAIN: Final = _errno.EAGAIN
EFAULT: Final = _errno.EFAULT
EINVAL: Final = _errno.EINVAL
ENOENT: Final = _errno.ENOENT
ENODEV: Final = _errno.ENODEV
EMFILE: Final = _errno.EMFILE
EPIPE: Final = _errno.EPIPE
ENAMETOOLONG: Final = _errno.ENAMETOOLONG
EPROTO: Final = _number("EPROTO", 30)
ENOTSUP: Final = _number("ENOTSUP", 1)
EPROTONOSUPPORT: Final = _number("EPROTONOSUPPORT", 2)
ENOBUFS: Final = _number("ENOBUFS", 3)
ENETDOWN: Final = _number("ENETDOWN", 4)
EADDRINUSE: Final = _number("EADDRINUSE", 5)
EADDRNOTAVAIL: Final = _number("EADDRNOTAVAIL", 6)
ECONNREFUSED: Final = _number("ECONNREFUSED", 7)
EINPROGRESS: Final = _number("EINPROGRESS", 8)
ENOTSOCK: Final = _number("ENOTSOCK", 9)
EMSGSIZE: Final = _number("EMSGSIZE", 10)
EAFNOSUPPORT: Final = _number("EAFNOSUPPORT", 11)
ENETUNREACH: Final = _number("ENETUNREACH", 12)
ECONNABORTED: Final = _number("ECONNABORTED", 13)
ECONNRESET: Final = _number("ECONNRESET", 14)
ENOTCONN: Final = _number("ENOTCONN", 15)
ETIMEDOUT: Final = _number("ETIMEDOUT", 16)
EHOSTUNREACH: Final = _number("EHOSTUNREACH", 17)
ENETRESET: Final = _number("ENETRESET", 18)
EFSM: Final = ZMQ_HAUSNUMERO + 51
ENOCOMPATPROTO: Final = ZMQ_HAUSNUMERO + 52
ETERM: Final = ZMQ_HAUSNUMERO + 53
EMTHREAD: Final = ZMQ_HAUSNUMERO + 54

_TEXTS: Final[dict[int, str]] = {
    EFSM: "Operation cannot be accomplished in current state",
    ENOCOMPATPROTO: "The protocol is not compatible with the socket type",
    ETERM: "Context was terminated",
    EMTHREAD: "No thread available",
    EHOSTUNREACH: "Host unreachable",
}


def strerror(errno: int) -> str:
    """Return libzmq's text for the error number ``errno``; the system's for all the others."""
    return _TEXTS.get(errno) or os.strerror(errno)


def _restore(
    cls: type["ZMQBaseError"], args: tuple[object, ...], state: dict[str, object]
) -> "ZMQBaseError":
    """Rebuild an exception from its parts, without calling ``__init__``."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ZMQBaseError(Exception):
    """The base of all errors of Antiphon."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how ``copy`` and ``pickle`` rebuild this error, whatever its arguments were."""
        return _restore, (type(self), self.args, self.__dict__.copy())


class ZMQError(ZMQBaseError):
    """An operation that failed, with the number of the reason.

    ``errno`` is the number (``None`` if there is none) and ``msg`` replaces its usual text.
    The attributes are ``errno`` and ``strerror``; ``str()`` gives ``strerror``.
    """

    errno: int | None = None
    strerror: str = ""

    def __init__(self, errno: int | None = None, msg: str | None = None) -> None:
        super().__init__(errno, msg)
        self.errno = errno
        if msg is not None:
            self.strerror = msg
        else:
            self.strerror = "Unspecified error" if errno is None else strerror(errno)

    def __str__(self) -> str:
        return self.strerror

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.strerror!r})"


class ZMQBindError(ZMQBaseError):
    """``bind_to_random_port()`` found no free port in its range."""


class NotDone(ZMQBaseError):
    """A MessageTracker's ``wait()`` reached its timeout before the message was released."""


class ContextTerminated(ZMQError):
    """The context was terminated (ETERM). The arguments are accepted and ignored, as in pyzmq."""

    def __init__(self, errno: object = "ignored", msg: object = "ignored") -> None:
        super().__init__(ETERM)


class Again(ZMQError):
    """The call would wait, or its timeout ran out (EAGAIN).

    ``errno`` is ignored, as in pyzmq; ``msg``, where given, says what was waited for.
    """

    def __init__(self, errno: object = "ignored", msg: str | None = None) -> None:
        super().__init__(EAGAIN, None if msg == "ignored" else msg)


class InterruptedSystemCall(ZMQError, InterruptedError):
    """A signal interrupted a system call (EINTR). The arguments are ignored, as in pyzmq."""

    errno: int | None = EINTR
    strerror: str

    def __init__(self, errno: object = "ignored", msg: object = "ignored") -> None:
        super().__init__(EINTR)


class ZMQVersionError(NotImplementedError):
    """A feature that this version does not have.

    ``min_version`` is the version of libzmq that has it, ``msg`` names the feature.
    """

    def __init__(self, min_version: str, msg: str = "Feature") -> None:
        super().__init__(min_version, msg)
        self.min_version = min_version
        self.msg = msg
        self.version = EMULATED_VERSION

    def __str__(self) -> str:
        return f"{self.msg} requires libzmq >= {self.min_version}, have {self.version}"

    def __repr__(self) -> str:
        return f"ZMQVersionError({str(self)!r})"


class StateError(ZMQError):
    """A REQ or REP was used out of turn (EFSM). ``msg`` says whose turn it is."""

    def __init__(self, msg: str | None = None) -> None:
        super().__init__(EFSM, msg)


class OperationNotSupported(ZMQError):
    """The socket type never does that: a PULL never sends, a PUSH never receives (ENOTSUP)."""

    def __init__(self, msg: str | None = None) -> None:
        super().__init__(ENOTSUP, msg)


class HostUnreachable(ZMQError):
    """A SERVER, a PEER, or a ROUTER with ROUTER_MANDATORY has no such peer (EHOSTUNREACH).

    ``routing_id`` is the first frame of the message, ``reason`` a short word such as
    ``"unknown-peer"``.
    """

    def __init__(self, routing_id: bytes = b"", reason: str = "unknown-peer") -> None:
        shown = _shown_id(routing_id)
        super().__init__(EHOSTUNREACH, f"{strerror(EHOSTUNREACH)}: peer {shown}: {reason}")
        self.routing_id = routing_id
        self.reason = reason


class OptionError(ZMQError):
    """An option was given a value that it cannot take, or does not exist (EINVAL).

    ``option`` is its name, ``value`` what was given and ``fix`` what to do instead.
    """

    def __init__(self, option: str, value: object = None, fix: str = "") -> None:
        given = "" if value is None else f" = {_shown(value)}"
        remedy = f": {fix}" if fix else ""
        super().__init__(EINVAL, f"{strerror(EINVAL)}: option {option}{given}{remedy}")
        self.option = option
        self.value = value
        self.fix = fix


class OptionTypeError(OptionError, TypeError):
    """An option was given a value of the wrong type. It is a TypeError too, as pyzmq raises."""


class EndpointError(ZMQError):
    """An endpoint cannot be parsed, bound, connected or found.

    ``errno`` is one of EINVAL, EPROTONOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENOENT,
    ENAMETOOLONG and their like, ``endpoint`` the text in question, ``why`` the cause and the fix.
    """

    def __init__(self, errno: int, endpoint: str, why: str = "") -> None:
        reason = f" ({why})" if why else ""
        super().__init__(errno, f"{strerror(errno)}: {_shown(endpoint)}{reason}")
        self.endpoint = endpoint
        self.why = why


class SocketClosed(ZMQError):
    """The socket is closed, so that nothing more can be done with it (ENOTSOCK)."""

    def __init__(self, msg: str | None = None) -> None:
        super().__init__(ENOTSOCK, msg if msg is not None else "the socket is closed")


class ForkedError(ZMQError):
    """A context or socket was used in a child process that inherited it (ENOTSOCK)."""

    def __init__(self, msg: str | None = None) -> None:
        text = "this belongs to the parent process: make a new Context after fork()"
        super().__init__(ENOTSOCK, msg if msg is not None else text)


class HandshakeError(ZMQError):
    """A call would wait for ever: every peer that the socket has dialed refuses it for good.

    It is raised by send() and recv() where they would wait, with the errno EPROTO. ``endpoint`` is
    the last peer that did so, ``reason`` what that is counted under in stats().failures, such as
    ``"illegal-pair"``, and ``detail`` a sentence. A new connect() or bind() gives the socket hope
    again.
    """

    def __init__(
        self, endpoint: str = "", reason: str = "", detail: str = "", errno: int = EPROTO
    ) -> None:
        super().__init__(errno, f"{strerror(errno)}: {endpoint} refuses this socket: {detail}")
        self.endpoint = endpoint
        self.reason = reason
        self.detail = detail


class AuthenticationError(HandshakeError):
    """The same, because the peer does not accept the socket's credentials (EACCES)."""

    def __init__(self, endpoint: str = "", reason: str = "", detail: str = "") -> None:
        super().__init__(endpoint, reason, detail, EACCES)


class ProtocolError(ZMQBaseError):
    """A peer broke the protocol, so that its connection must end.

    ``reason`` is a short fixed word such as ``"bad-length"`` to count by, ``detail`` a sentence.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def error_for(errno: int, msg: str | None = None) -> ZMQError:
    """Return the exception that stands for ``errno``, as pyzmq chooses its class.

    ``msg`` replaces the usual text, except where the class has only one.
    """
    if errno == EAGAIN:
        return Again(errno, msg)
    if errno == ETERM:
        return ContextTerminated()
    if errno == EINTR:
        return InterruptedSystemCall()
    if errno == EFSM:
        return StateError(msg)
    return ZMQError(errno, msg)


def _shown(value: object) -> str:
    """Return ``value`` for a message: its repr, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:150]}... ({len(text)} characters)"


def _shown_id(routing_id: bytes) -> str:
    """Return a routing id for a message: as text if it is printable, else in hexadecimal."""
    if routing_id and all(32 < octet < 127 for octet in routing_id):
        return repr(routing_id.decode("ascii"))
    return f"0x{routing_id.hex()}" if routing_id else "with an empty id"
