"""Small helpers, under pyzmq's names."""

from importlib import import_module
from typing import TYPE_CHECKING

from antiphon.zmq.utils import interop

if TYPE_CHECKING:
    from antiphon.zmq.utils import jsonapi

__all__ = ("interop", "jsonapi")


def __getattr__(name: str) -> object:
    # Few programs ask for it, and it takes Python's json with it.
    if name == "jsonapi":
        return import_module("antiphon.zmq.utils.jsonapi")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
