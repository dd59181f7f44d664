"""What the source must not have in it, whatever runs (C9, CVE-2021-20236)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import antiphon.zmq as zmq

SOURCE = Path(__file__).parents[2] / "src" / "antiphon"
MODULES = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
#: Bytes become code, or any object, in these modules of Python.
DANGEROUS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
#: The one place for programs that have said that they trust their peers.
TRUSTING = {"zmq/pickling.py": {"pickle"}}
EVALUATORS = {"eval", "exec", "compile", "__import__"}
#: What must be compared in constant time.
SECRETS = ("password", "secret", "mac", "tag", "cookie_key")
#: The rooms in which bytes of a peer say what is done.
SANS_IO = ("wire", "patterns", "engine")

EACH_MODULE = pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


@EACH_MODULE
def test_nothing_makes_objects_of_bytes(path: Path) -> None:
    found = DANGEROUS & set(imports(ast.parse(path.read_text())))
    assert found == TRUSTING.get(str(path.relative_to(SOURCE)), set())


@EACH_MODULE
def test_nothing_evaluates_text(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in EVALUATORS, f"line {node.lineno}"


def test_unpickling_is_asked_for() -> None:
    """One function imports the trusting module, and asks the program's switch before."""
    (importer,) = (
        name for name, path in MODULES.items() if "antiphon.zmq import pickling" in path.read_text()
    )
    assert importer == "zmq/contents.py"
    program = "import sys, antiphon.zmq; sys.exit('antiphon.zmq.pickling' in sys.modules)"
    assert not subprocess.run([sys.executable, "-c", program], timeout=20).returncode
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        for use in (lambda: socket.send_pyobj([]), socket.recv_pyobj):
            with pytest.raises(TypeError, match="allow_pickle"):
                use()


@EACH_MODULE
def test_secrets_are_compared_in_constant_time(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            for operand in (node.left, *node.comparators):
                named = operand.attr if isinstance(operand, ast.Attribute) else ""
                named = operand.id if isinstance(operand, ast.Name) else named
                words = named.lower().split("_")
                assert not set(words) & set(SECRETS), f"line {node.lineno}: {named}"


@pytest.mark.parametrize("room", SANS_IO)
def test_cve_2021_20236_no_function_calls_itself(room: str) -> None:
    """Where a peer decides what is done, it cannot decide how deep."""
    for path in sorted((SOURCE / room).rglob("*.py")):
        for owner in ast.walk(ast.parse(path.read_text())):
            if isinstance(owner, ast.Module | ast.ClassDef):
                for function in owner.body:
                    if isinstance(function, ast.FunctionDef):
                        me = f"self.{function.name}" if is_class(owner) else function.name
                        assert me not in calls(function), f"{path.name}: {me}"


def is_class(node: ast.AST) -> bool:
    """Tell whether functions in this are methods."""
    return isinstance(node, ast.ClassDef)


def calls(function: ast.FunctionDef) -> set[str]:
    """Return what a function calls, as it is written."""
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
