"""The rules of ARCHITECTURE.md: rooms, arrows, banned imports, complete __all__, small modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "antiphon"
MAX_LINES = 450

#: Rooms from the bottom up, and the rooms that each may import besides itself.
WORDS = {
    "errors",
    "constants",
    "keys",
    "options",
    "endpoint",
    "instrument",
    "native",
    "unpatched",
    "lock",
    "queue",
}
ALLOWED: dict[str, set[str]] = {
    "lazy": set(),
    "exits": set(),
    "native": set(),
    "unpatched": set(),
    "lock": {"unpatched"},
    "errors": set(),
    "constants": set(),
    "keys": set(),
    "options": {"errors", "constants", "keys", "native"},
    "endpoint": {"errors", "native"},
    "instrument": {"constants", "native"},
    "wire": WORDS,
    "patterns": WORDS,
    "engine": WORDS | {"wire", "patterns"},
    "transport": WORDS | {"wire", "patterns", "engine"},
    "selecting": set(),
    "poller": {"unpatched", "selecting"},
    "spinning": set(),
    "reactor": WORDS | {"wire", "patterns", "engine", "transport", "poller", "spinning"},
    "testing": WORDS | {"wire", "patterns", "engine", "transport"},
    "hosts": WORDS | {"patterns", "engine", "transport", "reactor", "spinning", "message", "exits"},
    "zmq": WORDS | {"engine", "patterns", "hosts", "lazy"},
    "topology": WORDS | {"wire"},
    "observe": WORDS | {"wire", "message"},
    "build": {"wire"},
    "message": set(),
    "queue": set(),
    "loop": WORDS | {"zmq"},
    "actor": WORDS | {"zmq"},
    "asyncio": WORDS | {"zmq", "actor"},
    "broker": WORDS | {"wire", "patterns", "engine", "transport", "reactor", "hosts", "build"},
    "cli": WORDS | {"engine", "zmq", "broker", "topology", "observe", "build", ""},
    "__init__": {"exits", "lazy", "build", "message", "loop", "actor"},
    "__main__": {"cli"},
}

SANS_IO = ("wire/*.py", "patterns/*.py", "engine/*.py", "**/state.py")
BANNED = {
    "_socket",
    "asyncio",
    "logging",
    "os",
    "random",
    "secrets",
    "select",
    "selectors",
    "socket",
    "subprocess",
    "threading",
    "time",
}

MODULES = sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_arrows_go_one_way(path: Path) -> None:
    room = room_of(path)
    assert room in ALLOWED, f"{room} is a new room: give it a row in the table"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "antiphon" and len(parts) > 1:
            target = parts[1]
            if target in ALLOWED and target != room:
                assert target in ALLOWED[room], f"{room} must not import {target}"


@pytest.mark.parametrize("pattern", SANS_IO)
def test_sans_io_rooms_import_nothing_that_waits(pattern: str) -> None:
    paths = list(SOURCE.glob(pattern))
    assert paths
    for path in paths:
        found = {name.split(".")[0] for name in imports(path)} & BANNED
        assert not found, f"{name_of(path)} imports {found}"


def test_nothing_imports_pickle() -> None:
    for path in MODULES:
        if name_of(path) == "zmq/pickling.py":  # loaded when the program has allowed it
            continue
        assert not {"pickle", "marshal", "shelve"} & set(imports(path)), name_of(path)


def public_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def exported_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id == "__all__":
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                assert node.value is not None
                try:
                    return list(ast.literal_eval(node.value))
                except ValueError:
                    return None  # put together from other modules' lists
    raise AssertionError("there is no __all__")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_all_is_complete(path: Path) -> None:
    tree = ast.parse(path.read_text())
    exported = exported_names(tree)
    if exported is not None:
        assert len(exported) == len(set(exported))
        missing = public_names(tree) - set(exported)
        assert not missing, f"not in __all__: {missing}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path: Path) -> None:
    if path.name not in ("options.py", "constants.py"):  # tables: as long as what they list
        assert len(path.read_text().splitlines()) <= MAX_LINES


def test_compiled_modules_exist() -> None:
    names = (ROOT / "tools" / "compiled_modules.txt").read_text().split()
    assert len(names) == len(set(names))
    for name in names:
        assert (ROOT / "src" / Path(*name.split("."))).with_suffix(".py").exists(), name
