"""``python -m antiphon.zmq PROGRAM``: a program written for pyzmq runs on Antiphon, unchanged."""

import importlib.util
import os
import runpy
import sys
from pkgutil import get_importer
from typing import Final, NoReturn

from antiphon.zmq.installation import install

__all__ = ("main",)

_HELP: Final = """\
usage: python -m antiphon.zmq PROGRAM [argument ...]
       python -m antiphon.zmq -m MODULE [argument ...]

Run a program that imports zmq on Antiphon, without a change to it. pyzmq is not imported, even
if it is installed.

  PROGRAM      a Python file, or a directory or zip file with a __main__.py
  -m MODULE    a module or package, as with python -m
  -h, --help   show this

for example, a Jupyter kernel:
  python -m antiphon.zmq -m ipykernel_launcher -f connection.json

Forked and multiprocessing children run on Antiphon too; what the program starts as another
command does if that begins with python -m antiphon.zmq. The exit status is the program's own;
2 says that it was not started."""


def main(arguments: list[str]) -> None:
    """Run the program that the arguments name. Exits with 2 and a line on stderr if there is none.

    ``arguments`` are those after ``python -m antiphon.zmq``.
    """
    if not arguments:
        _refuse("name a program to run")
    first, *rest = arguments
    if first in ("-h", "--help"):
        print(_HELP)  # noqa: T201
    elif first == "-m":
        if not rest:
            _refuse("-m takes the name of a module")
        _run_module(rest[0], rest[1:])
    elif first.startswith("-"):
        _refuse(f"there is no option {first}")
    else:
        _run_file(first, rest)


def _run_module(name: str, arguments: list[str]) -> None:
    install()
    if not _exists(name):
        _refuse(f"there is no module {name}")
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            return False
        raise  # a package is there, and misses another one


def _run_file(path: str, arguments: list[str]) -> None:
    if not os.path.exists(path):
        _refuse(f"there is no file {path}: with -m, a module is run")
    install()
    sys.argv = [path, *arguments]
    if not sys.flags.safe_path:
        # What python -m has put there is the current directory. A program's place is its own; a
        # directory or zip file is put there by runpy.
        del sys.path[0]
        if get_importer(path) is None:
            sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    runpy.run_path(path, run_name="__main__")


def _refuse(why: str) -> NoReturn:
    print(f"antiphon.zmq: {why}; see python -m antiphon.zmq --help", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
