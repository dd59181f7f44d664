"""Programs written for pyzmq, as they are published, in processes of their own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .started import Program

Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a program on Antiphon: python -m antiphon.zmq ..."""
    programs: list[Program] = []

    def start(*arguments: str, **environment: str) -> Program:
        command = (sys.executable, "-m", "antiphon.zmq", *arguments)
        programs.append(Program(*command, directory=tmp_path, environment=environment))
        return programs[-1]

    yield start
    for program in programs:
        program.end()
