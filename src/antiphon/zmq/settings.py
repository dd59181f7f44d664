"""The options of a context (3.2): their names, defaults and ranges.

Those that have no meaning here, such as the priority of I/O threads, are accepted and remembered.
"""

from typing import Final

from antiphon.errors import OptionError

__all__ = ("Settings",)

_INT_MAX: Final = 2**31 - 1
_MAX_MSGSZ: Final = 5
_THREAD_AFFINITY_CPU_ADD: Final = 7
_THREAD_AFFINITY_CPU_REMOVE: Final = 8


class _Setting:
    """A number under which an option is set, and one under which it is read."""

    def __init__(
        self,
        name: str,
        default: int,
        minimum: int = 0,
        is_switch: bool = False,
        settable: bool = True,
    ) -> None:
        self.name = name
        self.default = default
        self.minimum = minimum
        self.is_switch = is_switch
        self.settable = settable


#: THREAD_PRIORITY can only be set, and SOCKET_LIMIT, of the same number, only be read.
_SETTINGS: Final[dict[int, _Setting]] = {
    1: _Setting("IO_THREADS", 1),
    2: _Setting("MAX_SOCKETS", 1023, minimum=1),
    3: _Setting("THREAD_PRIORITY", -1),
    4: _Setting("THREAD_SCHED_POLICY", -1),
    5: _Setting("MAX_MSGSZ", _INT_MAX),
    6: _Setting("MSG_T_SIZE", 64, settable=False),
    9: _Setting("THREAD_NAME_PREFIX", 0, minimum=-_INT_MAX - 1),
    10: _Setting("ZERO_COPY_RECV", 1, is_switch=True),
    42: _Setting("IPV6", 0, is_switch=True),
    70: _Setting("BLOCKY", 1, is_switch=True),
}
_SOCKET_LIMIT: Final = 3


class Settings:
    """The values of one context's options."""

    def __init__(self) -> None:
        self._values = {number: setting.default for number, setting in _SETTINGS.items()}
        self._values[_SOCKET_LIMIT] = 65535
        self._processors: set[int] = set()

    @property
    def max_frame(self) -> int:
        """The bytes that a frame to be sent may have, where a limit was set; else 0."""
        limit = self._values[_MAX_MSGSZ]
        return 0 if limit == _INT_MAX else max(limit, 1)

    def get(self, option: int) -> int:
        """Return an option. Raises OptionError for one that is unknown or cannot be read."""
        value = self._values.get(option)
        if value is None:
            raise OptionError(str(option), None, "the context has no such option to be read")
        return value

    def set(self, option: int, value: object) -> None:
        """Set an option. Raises OptionError for one that is unknown, cannot be set or not to that.

        Raises TypeError for a value that is no number.
        """
        if not isinstance(value, int):
            kind = type(value).__name__
            raise TypeError(f"an option of a context is set to a number, not {kind}")
        if option in (_THREAD_AFFINITY_CPU_ADD, _THREAD_AFFINITY_CPU_REMOVE):
            self._set_processor(option == _THREAD_AFFINITY_CPU_ADD, value)
            return
        setting = _SETTINGS.get(option)
        if setting is None or not setting.settable:
            raise OptionError(str(option), value, "the context has no such option to be set")
        if not setting.minimum <= value <= _INT_MAX:
            raise OptionError(setting.name, value, f"it is from {setting.minimum} to {_INT_MAX}")
        if option != _SOCKET_LIMIT:
            self._values[option] = int(value != 0) if setting.is_switch else int(value)

    def _set_processor(self, add: bool, number: int) -> None:
        if add and number >= 0:
            self._processors.add(number)
        elif not add and number in self._processors:
            self._processors.remove(number)
        else:
            raise OptionError("THREAD_AFFINITY_CPU", number, "there is no such processor")
