"""The socket API under the names that pyzmq users know: ``import antiphon.zmq as zmq``."""

from antiphon.errors import EMULATED_VERSION
from antiphon.instrument import Instrument
from antiphon.zmq import constants, error
from antiphon.zmq.constants import *  # noqa: F403
from antiphon.zmq.context import Context
from antiphon.zmq.error import *  # noqa: F403
from antiphon.zmq.poller import Poller, select
from antiphon.zmq.socket import Socket

__all__ = (  # noqa: PLE0604
    "Context",
    "Instrument",
    "Poller",
    "Socket",
    "has",
    "select",
    "zmq_version",
    "zmq_version_info",
    *constants.__all__,
    *error.__all__,
)

_CAPABILITIES = frozenset({"ipc"})


def zmq_version() -> str:
    """Return the version of libzmq whose behaviour is offered."""
    return EMULATED_VERSION


def zmq_version_info() -> tuple[int, int, int]:
    """Return the same as numbers."""
    major, minor, patch = EMULATED_VERSION.split(".")
    return int(major), int(minor), int(patch)


def has(capability: str) -> bool:
    """Tell whether a transport or mechanism such as ``ipc`` is there."""
    return capability in _CAPABILITIES
