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
SECRETS = {"password", "passwords", "secret", "mac", "tag", "vouch"}
#: The rooms in which bytes of a peer say what is done.
SANS_IO = ("wire", "patterns", "engine")

TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_nothing_makes_objects_of_bytes() -> None:
    for name, tree in TREES.items():
        assert DANGEROUS & set(imports(tree)) == TRUSTING.get(name, set()), name


def test_nothing_evaluates_text() -> None:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in EVALUATORS, f"{name}, line {node.lineno}"


def test_unpickling_is_asked_for() -> None:
    """One function imports the trusting module, and asks the program's switch before."""
    (importer,) = (
        name for name, path in MODULES.items() if "antiphon.zmq import pickling" in path.read_text()
    )
    assert importer == "zmq/contents.py"
    program = (
        "import sys; from antiphon.zmq import *; sys.exit('antiphon.zmq.pickling' in sys.modules)"
    )
    assert not subprocess.run([sys.executable, "-c", program], timeout=20).returncode
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        for use in (lambda: socket.send_pyobj([]), socket.recv_pyobj):
            with pytest.raises(TypeError, match="allow_pickle"):
                use()


def test_secrets_are_compared_in_constant_time() -> None:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                words = {
                    word for operand in (node.left, *node.comparators) for word in named(operand)
                }
                assert not words & SECRETS, f"{name}, line {node.lineno}"


def named(operand: ast.expr) -> list[str]:
    """Return the words of a variable's or an attribute's name."""
    if isinstance(operand, ast.Attribute):
        return operand.attr.lower().split("_")
    return operand.id.lower().split("_") if isinstance(operand, ast.Name) else []


@pytest.mark.parametrize("room", SANS_IO)
def test_cve_2021_20236_no_function_calls_itself(room: str) -> None:
    """Where a peer decides what is done, it cannot decide how deep."""
    for name, tree in TREES.items():
        for owner in ast.walk(tree) if name.startswith(room) else ():
            if isinstance(owner, ast.Module | ast.ClassDef):
                for function in owner.body:
                    if isinstance(function, ast.FunctionDef):
                        me = f"self.{function.name}" if is_class(owner) else function.name
                        assert me not in calls(function), f"{name}: {me}"


def is_class(node: ast.AST) -> bool:
    """Tell whether functions in this are methods."""
    return isinstance(node, ast.ClassDef)


def calls(function: ast.FunctionDef) -> set[str]:
    """Return what a function calls, as it is written."""
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
