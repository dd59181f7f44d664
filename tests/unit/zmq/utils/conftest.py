"""The modules of zmq.utils, pyzmq's and Antiphon's."""

import importlib
import warnings
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(params=["zmq", "antiphon.zmq"], ids=["pyzmq", "antiphon"])
def either_module(request: pytest.FixtureRequest) -> Callable[[str], ModuleType]:
    """Give a function that returns a module of zmq.utils: of pyzmq, then of Antiphon."""

    def either_module(name: str) -> ModuleType:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyzmq calls some of them old
            return importlib.import_module(f"{request.param}.utils.{name}")

    return either_module
