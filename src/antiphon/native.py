"""The one place that knows of mypyc, harmless where nothing is compiled; itself it never is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ("heed_signals", "mypyc_attr")

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:
    T = TypeVar("T")

    def mypyc_attr(**_attributes: bool) -> Callable[[T], T]:
        """Return a decorator that leaves a class as it is."""

        def unchanged(cls: T) -> T:
            return cls

        return unchanged


def heed_signals() -> None:
    """Let the handlers of signals run that have come meanwhile; raises what they raise.

    The interpreter does so whenever it runs a function, as it runs this one. Compiled code does
    not: it calls this before it waits.
    """
