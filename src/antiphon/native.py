"""The one place that knows of mypyc: its class decorator, harmless where nothing is compiled."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

__all__ = ("mypyc_attr",)

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr
else:
    T = TypeVar("T")

    def mypyc_attr(**_attributes: bool) -> Callable[[T], T]:
        """Return a decorator that leaves a class as it is."""

        def unchanged(cls: T) -> T:
            return cls

        return unchanged
