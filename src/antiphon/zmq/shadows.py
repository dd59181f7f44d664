"""Sockets and contexts a second time: shadow(), copies, and the number that stands for one."""

from typing import Any, Self
from weakref import WeakValueDictionary

__all__ = ("Shadowed", "original_of")


class Shadowed:
    """What can be had a second time; all of them share what the first one has."""

    closed: Any

    def _shared(self) -> object:
        """Return what is the same for all of them, and for nobody else."""
        raise NotImplementedError

    @classmethod
    def shadow(cls, address: Any) -> Self:
        """Return it a second time, given itself or its ``underlying``."""
        return cls(shadow=address)  # type: ignore[call-arg]

    def __copy__(self, memo: object = None) -> Self:
        del memo
        return self.shadow(self)

    __deepcopy__ = __copy__

    @property
    def underlying(self) -> int:
        """A number that stands for it: what shadow() takes. 0 once it is closed."""
        if self.closed:
            return 0
        number = id(self._shared())
        _originals.setdefault(number, self)
        return number


#: Those whose ``underlying`` was asked for, by that number.
_originals: WeakValueDictionary[int, Shadowed] = WeakValueDictionary()


def original_of(number: object) -> Shadowed | None:
    """Return what an ``underlying`` stands for, or None."""
    return _originals.get(number) if isinstance(number, int) else None
