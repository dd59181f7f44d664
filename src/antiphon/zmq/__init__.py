"""The socket API under the names that pyzmq users know: ``import antiphon.zmq as zmq``."""

from typing import TYPE_CHECKING, Final

from antiphon.errors import EMULATED_VERSION
from antiphon.zmq import constants, error
from antiphon.zmq.constants import *  # noqa: F403
from antiphon.zmq.error import *  # noqa: F403

if TYPE_CHECKING:
    from antiphon import __version__
    from antiphon.instrument import Instrument, SocketEvent
    from antiphon.zmq import sugar, utils
    from antiphon.zmq.base import COPY_THRESHOLD
    from antiphon.zmq.context import Context, SyncContext
    from antiphon.zmq.curve import curve_keypair, curve_public
    from antiphon.zmq.events import EventStream
    from antiphon.zmq.frame import Frame, Message, MessageTracker
    from antiphon.zmq.poller import Poller, select, zmq_poll
    from antiphon.zmq.proxies import device, proxy, proxy_steerable
    from antiphon.zmq.socket import Socket, SyncSocket

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
    *sorted({*constants.__all__, *error.__all__}),
)

if not TYPE_CHECKING:
    # Constants and errors are here at once. What moves messages comes when some of it is asked
    # for: a command line that has more to offer, or a library that only catches errors, starts
    # without.
    from antiphon.lazy import on_demand as _on_demand

    __getattr__, __dir__ = _on_demand(
        __name__,
        {
            "antiphon.build": {"__version__"},
            "antiphon.instrument": {"Instrument", "SocketEvent"},
            "antiphon.zmq.base": {"COPY_THRESHOLD"},
            "antiphon.zmq.context": {"Context", "SyncContext"},
            "antiphon.zmq.curve": {"curve_keypair", "curve_public"},
            "antiphon.zmq.events": {"EventStream"},
            "antiphon.zmq.frame": {"Frame", "Message", "MessageTracker"},
            "antiphon.zmq.poller": {"Poller", "select", "zmq_poll"},
            "antiphon.zmq.proxies": {"device", "proxy", "proxy_steerable"},
            "antiphon.zmq.socket": {"Socket", "SyncSocket"},
            "antiphon.zmq.sugar": {"sugar"},
            "antiphon.zmq.utils": {"utils"},
        },
        together=True,
    )

IPC_PATH_MAX_LEN: Final = 107
"""How many bytes the path of an ``ipc://`` endpoint may have."""

DRAFT_API: Final = True
PYZMQ_DRAFT_API: Final = DRAFT_API

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
        from antiphon.keys import curve_available

        return curve_available()
    if capability in _WEBSOCKET:
        from importlib.util import find_spec

        return find_spec("wsproto") is not None
    return capability in _CAPABILITIES
