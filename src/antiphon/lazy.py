"""Names of a package that its modules have, imported when they are asked for."""

import sys

TYPE_CHECKING = False  # as typing has it, without the time that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("on_demand",)


def on_demand(
    package: str, modules: "Mapping[str, set[str]]", together: bool = False
) -> "tuple[Callable[[str], object], Callable[[], list[str]]]":
    """Return what ``package`` has as ``__getattr__`` and ``__dir__``.

    ``modules`` says which names of the package each module has; a module of the package that is
    itself one of its names goes by that name. A name asked for once is a name like any other; with
    ``together`` all of them are, once one is asked for that a module of the package has.
    """
    homes = {name: module for module, names in modules.items() for name in names}
    names = set(homes)

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        namespace = vars(sys.modules[package])
        for each in homes if together and homes[name].startswith(f"{package}.") else (name,):
            if each not in namespace:
                namespace[each] = _find(package, each, homes[each])
        if names <= namespace.keys():
            # Where a module has this, Python looks for none of its names in the quick way.
            namespace.pop("__getattr__", None)
        return namespace[name]

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, listed


def _find(package: str, name: str, home: str) -> object:
    from importlib import import_module

    module = import_module(home)
    return module if home == f"{package}.{name}" else getattr(module, name)
