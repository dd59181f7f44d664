"""Names of a package that its modules have, each imported when one of its names is asked for."""

import sys

TYPE_CHECKING = False  # as typing has it, without the time that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("on_demand",)


def on_demand(
    package: str, modules: "Mapping[str, set[str]]"
) -> "tuple[Callable[[str], object], Callable[[], list[str]]]":
    """Return what ``package`` has as ``__getattr__`` and ``__dir__``.

    ``modules`` says which names of the package each module has; a module of the package that is
    itself one of its names goes by that name. A name asked for once is a name like any other.
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(homes[name])
        value = module if module.__name__ == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names
