"""The options of a socket that are more than a stored value (3.1)."""

from typing import TYPE_CHECKING, Final

from antiphon.constants import OwnOption, SocketOption
from antiphon.errors import OptionError, OptionTypeError

if TYPE_CHECKING:
    from antiphon.engine.socket import SocketCore

__all__ = ("EVENTS", "events", "read_option", "write_option")

_SUBSCRIBE: Final = 6
_UNSUBSCRIBE: Final = 7
_FD: Final = 14
EVENTS: Final = 15
_TYPE: Final = 16
_LAST_ENDPOINT: Final = 32
_THREAD_SAFE: Final = 81
_TOPICS_COUNT: Final = 116
_POLLIN: Final = 1
_POLLOUT: Final = 2
_BOUNDS: Final = (
    int(SocketOption.SNDHWM),
    int(SocketOption.RCVHWM),
    int(OwnOption.SNDHWM_BYTES),
    int(OwnOption.RCVHWM_BYTES),
)


def write_option(core: "SocketCore", option: int, value: object) -> None:
    """Set an option; bounds reach the queues that exist already. Raises OptionError."""
    if option == _SUBSCRIBE:
        core.pattern.subscribe(_topic("SUBSCRIBE", value))
        return
    if option == _UNSUBSCRIBE:
        core.pattern.unsubscribe(_topic("UNSUBSCRIBE", value))
        return
    core.options.set(option, value)
    if option in _BOUNDS:
        core.set_bounds(option, value)


def _topic(option: str, value: object) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise OptionTypeError(option, value, "it takes bytes")


def read_option(core: "SocketCore", option: int) -> int | bytes | str:
    """Return an option's value. Raises OptionError."""
    if option == _TYPE:
        return core.socket_type
    if option == EVENTS:
        return events(core)
    if option == _LAST_ENDPOINT:
        return core.last_endpoint
    if option == _TOPICS_COUNT:
        return core.pattern.topics_count()
    if option == _THREAD_SAFE:
        return 1
    if option == _FD:
        raise OptionError(
            "FD", None, "one descriptor serves all sockets of a context: use a Poller"
        )
    return core.options.get(option)


def events(core: "SocketCore") -> int:
    """Return POLLIN and POLLOUT as they are now (3.7)."""
    pattern = core.pattern
    return (_POLLIN if pattern.can_recv() else 0) | (_POLLOUT if pattern.can_send() else 0)
