"""The socket API under the names that pyzmq users know: ``import antiphon.zmq as zmq``."""

from typing import Final

from antiphon import __version__
from antiphon.errors import EMULATED_VERSION
from antiphon.instrument import Instrument, SocketEvent
from antiphon.keys import curve_available
from antiphon.zmq import constants, error, sugar, utils
from antiphon.zmq.base import COPY_THRESHOLD
from antiphon.zmq.constants import *  # noqa: F403
from antiphon.zmq.context import Context
from antiphon.zmq.curve import curve_keypair, curve_public
from antiphon.zmq.error import *  # noqa: F403
from antiphon.zmq.events import EventStream
from antiphon.zmq.frame import Frame, MessageTracker
from antiphon.zmq.poller import Poller, select, zmq_poll
from antiphon.zmq.proxies import device, proxy, proxy_steerable
from antiphon.zmq.socket import Socket

__all__ = (  # noqa: PLE0604
    "COPY_THRESHOLD",
    "DRAFT_API",
    "IPC_PATH_MAX_LEN",
    "PYZMQ_DRAFT_API",
    "Context",
    "EventStream",
    "Frame",
    "Instrument",
    "Message",
    "MessageTracker",
    "Poller",
    "Socket",
    "SocketEvent",
    "SyncContext",
    "SyncSocket",
    "__version__",
    "curve_keypair",
    "curve_public",
    "device",
    "has",
    "install",
    "proxy",
    "proxy_steerable",
    "pyzmq_version",
    "pyzmq_version_info",
    "select",
    "sugar",
    "utils",
    "zmq_poll",
    "zmq_version",
    "zmq_version_info",
    *constants.__all__,
    *(name for name in error.__all__ if name not in constants.__all__),
)

IPC_PATH_MAX_LEN: Final = 107
"""How many bytes the path of an ``ipc://`` endpoint may have."""

DRAFT_API: Final = True
PYZMQ_DRAFT_API: Final = DRAFT_API

Message = Frame
SyncContext = Context
SyncSocket = Socket

_CAPABILITIES = frozenset({"ipc", "draft"})
_WEBSOCKET: Final = ("ws", "wss")
_PYZMQ_VERSION: Final = "27.3.0"


def install() -> None:
    """Give programs Antiphon when they import ``zmq``; the second call does nothing.

    Raises RuntimeError if this process has imported pyzmq already.
    """
    # What finds modules takes as long to import as a third of the sockets, and few programs use it.
    from antiphon.zmq import installation

    installation.install()


def zmq_version() -> str:
    """Return the version of libzmq whose behaviour is offered."""
    return EMULATED_VERSION


def zmq_version_info() -> tuple[int, int, int]:
    """Return the same as numbers."""
    return _numbers(EMULATED_VERSION)


def pyzmq_version() -> str:
    """Return the version of pyzmq whose names are offered; Antiphon's own is ``__version__``."""
    return _PYZMQ_VERSION


def pyzmq_version_info() -> tuple[int, int, int]:
    """Return the same as numbers."""
    return _numbers(_PYZMQ_VERSION)


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def has(capability: str) -> bool:
    """Tell whether a transport, a mechanism or ``draft``, the socket types, is there.

    Raises TypeError for what is no text.
    """
    if not isinstance(capability, str):
        raise TypeError(f"a capability is text, not {type(capability).__name__}")
    if capability == "curve":
        return curve_available()
    if capability in _WEBSOCKET:
        from importlib.util import find_spec

        return find_spec("wsproto") is not None
    return capability in _CAPABILITIES
