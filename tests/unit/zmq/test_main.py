"""python -m antiphon.zmq: programs that import zmq are run as Python would run them."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]

PROGRAM = """\
import sys
import zmq
from beside import WORD

if __name__ == "__main__":
    print(zmq.Context.__module__, WORD, sys.argv[1:])
    sys.exit(7)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__main__.py").write_text(PROGRAM)
    (package / "beside.py").write_text("WORD = 'near'")
    return package


def test_a_file_a_directory_and_a_zip_file_are_run(run_python: Run, package: Path) -> None:
    archive = package / "program.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("__main__.py", "beside.py"):
            file.write(package / name, name)
    # A program without an ending, in a directory of its own, as in bin/.
    (package / "script").write_text(PROGRAM)
    for program in (package / "__main__.py", package / "script", package, archive):
        done = run_python("-m", "antiphon.zmq", str(program), "-m", "--help")
        assert done.stdout == "antiphon.zmq.context near ['-m', '--help']\n", done.stderr
        assert (done.returncode, done.stderr) == (7, "")


def test_a_module_is_run(run_python: Run, package: Path) -> None:
    (package / "inner").mkdir()
    (package / "inner" / "tool.py").write_text(PROGRAM)
    (package / "inner" / "__main__.py").write_text(PROGRAM)
    for module in ("inner.tool", "inner"):
        done = run_python("-m", "antiphon.zmq", "-m", module, "-x", "y", directory=package)
        assert done.stdout == "antiphon.zmq.context near ['-x', 'y']\n", done.stderr
        assert done.returncode == 7


def test_a_module_of_zmq_itself_is_run(run_python: Run) -> None:
    done = run_python("-m", "antiphon.zmq", "-m", "zmq", "--help")
    assert done.stdout.startswith("usage: python -m antiphon.zmq PROGRAM")


def test_a_program_looks_for_modules_where_it_is_and_not_where_its_user_is(
    run_python: Run, package: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "beside.py").write_text("WORD = 'wrong'")
    (package / "__main__.py").write_text(f"import sys\nprint(sys.path[0])\n{PROGRAM}")
    for program in (package / "__main__.py", package):
        done = run_python("-m", "antiphon.zmq", str(program), directory=elsewhere)
        assert done.stdout.splitlines() == [str(package), "antiphon.zmq.context near []"]


def test_what_a_program_raises_is_shown(run_python: Run, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import zmq\nraise zmq.Again")
    done = run_python("-m", "antiphon.zmq", str(program))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("antiphon.errors.Again")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name a program to run"),
        (["-m"], "-m takes the name of a module"),
        (["-c", "print()"], "there is no option -c"),
        (["nowhere.py"], "there is no file nowhere.py"),
        (["-m", "nowhere"], "there is no module nowhere"),
        (["-m", "nowhere.tool"], "there is no module nowhere.tool"),
        (["-m", "json.nowhere"], "there is no module json.nowhere"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    run_python: Run, arguments: list[str], complaint: str
) -> None:
    done = run_python("-m", "antiphon.zmq", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"antiphon.zmq: {complaint}")
    assert done.stderr.endswith("see python -m antiphon.zmq --help\n")
    assert done.stderr.count("\n") == 1


def test_a_package_that_misses_another_one_says_so(run_python: Run, package: Path) -> None:
    (package / "broken").mkdir()
    (package / "broken" / "__init__.py").write_text("import nowhere")
    done = run_python("-m", "antiphon.zmq", "-m", "broken.tool", directory=package)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'nowhere'"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_an_example(run_python: Run, option: str) -> None:
    done = run_python("-m", "antiphon.zmq", option)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m antiphon.zmq -m ipykernel_launcher -f connection.json" in done.stdout
