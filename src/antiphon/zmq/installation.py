"""Antiphon under the name ``zmq``: programs written for pyzmq run on it without a change.

``install()`` puts a finder in front of Python's own. From then on ``import zmq`` and ``import
zmq.anything`` give the modules of ``antiphon.zmq`` themselves, not copies: ``zmq.Context is
antiphon.zmq.Context``; ``zmq.asyncio`` is ``antiphon.zmq.futures``, as
pyzmq's calls return futures. A module that Antiphon does not have is not found, even where pyzmq
is installed.

Child processes: what is forked inherits it, and what multiprocessing spawns is given it. A new
interpreter, such as the one that ``subprocess`` starts, knows nothing of it: start that one as
``python -m antiphon.zmq PROGRAM`` too.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, Final

__all__ = ("install",)

_ALIASES: Final = {
    "zmq.asyncio": "antiphon.zmq.futures",
    "zmq.sugar.context": "antiphon.zmq.context",
    "zmq.sugar.frame": "antiphon.zmq.frame",
    "zmq.sugar.poll": "antiphon.zmq.poller",
    "zmq.sugar.socket": "antiphon.zmq.socket",
    "zmq.sugar.tracker": "antiphon.zmq.frame",
}
"""The modules of pyzmq that have another place here."""


def install() -> None:
    """Give programs Antiphon when they import ``zmq``; the second call does nothing.

    Raises RuntimeError if this process has imported pyzmq already.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    if "zmq" in sys.modules:
        raise RuntimeError(
            "pyzmq has been imported already: call antiphon.zmq.install() before anything imports "
            "zmq, or run the program with python -m antiphon.zmq PROGRAM"
        )
    sys.meta_path.insert(0, _Finder())
    _install_in_children()


class _Finder(MetaPathFinder):
    """Finds the modules of ``antiphon.zmq`` under ``zmq``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "zmq":
            return None
        real = importlib.util.find_spec(_ALIASES.get(fullname, f"antiphon.{fullname}"))
        if real is None:
            return None
        is_package = real.submodule_search_locations is not None
        return ModuleSpec(fullname, _Loader(real), is_package=is_package)


class _Loader(InspectLoader):
    """Gives a module that has a name already another one."""

    def __init__(self, real: ModuleSpec) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        del spec
        return importlib.import_module(self._real.name)

    def exec_module(self, module: ModuleType) -> None:
        # The module was executed under its own name. Python has just given it the alias's spec.
        module.__spec__ = sys.modules[self._real.name].__spec__ = self._real

    # For runpy, which executes modules by their source: python -m antiphon.zmq -m zmq.log

    def get_code(self, fullname: str) -> CodeType | None:
        del fullname
        assert isinstance(self._real.loader, InspectLoader)
        return self._real.loader.get_code(self._real.name)

    def get_source(self, fullname: str) -> str | None:
        del fullname
        assert isinstance(self._real.loader, InspectLoader)
        return self._real.loader.get_source(self._real.name)


class _Installed:
    """Calls install() in the process that unpickles it."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return install, ()


def _install_in_children() -> None:
    # What multiprocessing tells a child about its parent is read before the program's modules are
    # imported there, and may hold more than multiprocessing needs.
    from multiprocessing import spawn

    tell: Callable[[str], dict[str, Any]] = spawn.get_preparation_data

    def tell_more(name: str) -> dict[str, Any]:
        return {**tell(name), "antiphon": _Installed()}

    spawn.get_preparation_data = tell_more
