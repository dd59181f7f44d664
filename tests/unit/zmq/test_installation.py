"""Antiphon under the name zmq: what programs import, in this process and its children."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def output(run_python: Run) -> Callable[[str], list[str]]:
    """Give a function that returns what a program prints that begins with install()."""

    def output(code: str) -> list[str]:
        done = run_python(
            "-W", "error", "-c", f"import antiphon.zmq\nantiphon.zmq.install()\n{code}"
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    return output


def test_modules_are_the_very_same(output: Callable[[str], list[str]]) -> None:
    assert (
        output(
            """
import zmq, zmq.asyncio
print(zmq is antiphon.zmq, zmq.Context is antiphon.zmq.Context)
from zmq import error
import zmq.error
print(zmq.error is error is antiphon.zmq.error)
import zmq.asyncio as aio
print(aio is antiphon.zmq.asyncio is zmq.asyncio)
from zmq.sugar.socket import Socket
from zmq.sugar.poll import Poller
print(Socket is zmq.Socket, Poller is zmq.Poller)
import importlib, sys
print(importlib.import_module("zmq.utils.jsonapi") is antiphon.zmq.utils.jsonapi)
print(sys.modules["zmq.utils"] is antiphon.zmq.utils)
"""
        )
        == ["True"] * 8
    )


def test_modules_keep_their_names(output: Callable[[str], list[str]]) -> None:
    assert output(
        """
import zmq, zmq.asyncio, zmq.sugar.poll, importlib, sys
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] == "zmq":
        real = module.__spec__.name
        print(real == module.__name__, real.startswith("antiphon.zmq"), sys.modules[real] is module)
importlib.reload(antiphon.zmq.error)
"""
    ) == ["True"] * 3 * len(("zmq", "zmq.asyncio", "zmq.sugar", "zmq.sugar.poll"))


def test_nothing_of_pyzmq_is_ever_found(output: Callable[[str], list[str]]) -> None:
    assert output(
        """
import importlib.util
print(importlib.util.find_spec("zmq.ssh"))
print(importlib.util.find_spec("zmq.error").loader is not None)
try:
    import zmq.ssh.tunnel
except ModuleNotFoundError as error:
    print(error.name)
"""
    ) == ["None", "True", "zmq.ssh"]


def test_installing_twice_is_installing_once(output: Callable[[str], list[str]]) -> None:
    assert output(
        """
import zmq, sys
finders = list(sys.meta_path)
zmq.install()
print(sys.meta_path == finders)
"""
    ) == ["True"]


def test_too_late_is_refused(run_python: Run) -> None:
    done = run_python("-c", "import zmq, antiphon.zmq\nantiphon.zmq.install()")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("RuntimeError: pyzmq has been imported already")


def test_modules_that_import_each_other_meanwhile(run_python: Run, tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text("import zmq.error\nimport second\nERROR = zmq.ZMQError\n")
    (tmp_path / "second.py").write_text("from zmq.error import ZMQError as ERROR\n")
    code = "import antiphon.zmq; antiphon.zmq.install(); import first, second\n"
    done = run_python("-c", code + "print(first.ERROR is second.ERROR)", directory=tmp_path)
    assert (done.stdout, done.stderr) == ("True\n", "")


CHILDREN = """\
import multiprocessing
import sys
import zmq


def child(queue):
    import zmq.asyncio
    queue.put(f"{zmq.Context.__module__} {zmq.asyncio.Context.__module__}")


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.SimpleQueue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    print(queue.get())
    process.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_run_on_it_too(
    run_python: Run, method: str, tmp_path: Path
) -> None:
    program = tmp_path / "parent.py"
    program.write_text(CHILDREN)
    done = run_python("-m", "antiphon.zmq", str(program), method)
    assert (done.stdout.split(), done.stderr) == (
        ["antiphon.zmq.context", "antiphon.zmq.futures"],
        "",
    )
