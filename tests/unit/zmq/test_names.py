"""Which names of pyzmq are there, and why the others are not."""

import subprocess
import sys
from itertools import product
from typing import Any

import pytest
import zmq as theirs
import zmq.asyncio as their_asyncio

import antiphon.zmq as ours
import antiphon.zmq.asyncio as our_asyncio

#: Names of the package that are left out, each with the reason.
LEFT_OUT = {
    "Enum": "a name that pyzmq imports for itself",
    "IntEnum": "a name that pyzmq imports for itself",
    "IntFlag": "a name that pyzmq imports for itself",
    "Stopwatch": "deprecated: time.monotonic() measures time",
    "annotations": "a name that pyzmq imports for itself",
    "backend": "the binding to C, which is not needed",
    "contextmanager": "a name that pyzmq imports for itself",
    "get_includes": "there are no C headers",
    "get_library_dirs": "there is no C library",
    "os": "a name that pyzmq imports for itself",
    "sys": "a name that pyzmq imports for itself",
    "zmq_errno": "every exception has its errno",
}


#: The same of the classes.
LEFT_OUT_OF_CLASSES = {
    "Context": {"shadow_pyczmq": "pyczmq is a binding to C"},
    "Socket": {
        "context": "every socket has one, its class has none",
        "join": "comes with DISH",
        "leave": "comes with DISH",
    },
    "Frame": {"tracker_event": "frames are done with from the start: see their tracker"},
}


def public(namespace: object) -> set[str]:
    return {name for name in dir(namespace) if not name.startswith("_")}


@pytest.mark.parametrize("first", ["antiphon.zmq.Context", "importlib.import_module(NAME)"])
def test_once_sockets_are_there_python_finds_every_name_in_the_quick_way(first: str) -> None:
    script = (
        "import importlib\n"
        "import antiphon.zmq\n"
        "NAME = 'antiphon.zmq.asyncio'\n"
        "assert '__getattr__' in vars(antiphon.zmq)\n"
        f"{first}\n"
        "assert '__getattr__' not in vars(antiphon.zmq)\n"
        "assert set(antiphon.zmq.__all__) <= set(vars(antiphon.zmq))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_every_name_of_the_package_is_there_or_left_out_for_a_reason() -> None:
    missing = public(theirs) - public(ours)
    assert missing == set(LEFT_OUT)


@pytest.mark.parametrize(
    ("modules", "name"),
    [
        *product([(theirs, ours)], ["Context", "Frame", "MessageTracker", "Poller", "Socket"]),
        *product([(their_asyncio, our_asyncio)], ["Context", "Poller", "Socket"]),
    ],
)
def test_every_name_of_the_classes_too(modules: tuple[Any, Any], name: str) -> None:
    there, here = (getattr(module, name) for module in modules)
    missing = {each for each in public(there) - public(here) if not each.isupper()}
    assert missing <= set(LEFT_OUT_OF_CLASSES.get(name, {}))


def test_texts_of_errors_and_capabilities(either: Any) -> None:
    for number in theirs.Errno:
        assert ours.strerror(number) == theirs.strerror(number)
    assert either.has("ipc") is True
    for unknown in ("pgm", "norm", "gssapi", "nonsense", ""):
        assert either.has(unknown) is False
    with pytest.raises(TypeError):
        either.has(5)
    assert either.COPY_THRESHOLD == 65536
    assert either.DRAFT_API is either.PYZMQ_DRAFT_API is either.has("draft") is (either is ours)


def test_what_moves_messages_is_imported_when_it_is_asked_for() -> None:
    program = """
import sys
import antiphon.zmq as zmq
assert issubclass(zmq.Again, zmq.ZMQError) and zmq.POLLIN == 1
assert "antiphon.engine" not in sys.modules
assert set(zmq.__all__) <= set(dir(zmq))
zmq.Context().socket(zmq.REQ).close()
assert "antiphon.engine" in sys.modules and vars(zmq)["Context"] is zmq.sugar.Context
assert not hasattr(zmq, "nothing")
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_blocking_program_does_not_pay_for_asyncio() -> None:
    dear = {"asyncio", "ssl", "nacl", "wsproto"}
    use = "from antiphon.zmq import *; Context().socket(REQ)"
    program = f"import sys; {use}; print({dear} & set(sys.modules))"
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed == "set()\n"
