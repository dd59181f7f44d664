"""Every public name of pyzmq's modules is there and takes the same arguments, or is explained."""

import importlib
import inspect
import warnings
from inspect import Parameter
from types import ModuleType
from typing import Any

import pytest

MODULES = [
    "zmq",
    "zmq.asyncio",
    "zmq.auth",
    "zmq.auth.asyncio",
    "zmq.auth.base",
    "zmq.auth.certs",
    "zmq.auth.ioloop",
    "zmq.auth.thread",
    "zmq.constants",
    "zmq.decorators",
    "zmq.devices",
    "zmq.devices.basedevice",
    "zmq.devices.monitoredqueue",
    "zmq.devices.monitoredqueuedevice",
    "zmq.devices.proxydevice",
    "zmq.devices.proxysteerabledevice",
    "zmq.error",
    "zmq.eventloop",
    "zmq.eventloop.future",
    "zmq.eventloop.ioloop",
    "zmq.eventloop.zmqstream",
    "zmq.green",
    "zmq.log.handlers",
    "zmq.utils.interop",
    "zmq.utils.jsonapi",
    "zmq.utils.monitor",
    "zmq.utils.strtypes",
    "zmq.utils.z85",
]
#: Where what stands for a module has another name.
PLACES = {"zmq.asyncio": ["antiphon.zmq.asyncio", "antiphon.zmq.futures"]}

IMPORTED = "a name that pyzmq imports for itself"
OF_C = "there is no C library"
#: What is left out of any module, or of any class.
LEFT_OUT = {
    "Enum": IMPORTED,
    "IntEnum": IMPORTED,
    "IntFlag": IMPORTED,
    "TYPE_CHECKING": IMPORTED,
    "POLLIN": IMPORTED,
    "POLLOUT": IMPORTED,
    "Stopwatch": "deprecated: time.monotonic() measures time",
    "_FINISHED_TRACKER": "nobody's business",
    "__revision__": OF_C,
    "get_includes": OF_C,
    "zmq_errno": "every exception has its errno",
    "Context.io_loop": "the running loop is found",
    "Context.shadow_pyczmq": OF_C,
    "Frame.tracker_event": "frames are done with from the start: see their tracker",
    "Message.tracker_event": "frames are done with from the start: see their tracker",
    "Socket.context": "every socket has one, its class has none",
    "ThreadAuthenticator.pipe_endpoint": "there is no pipe: the socket is closed from outside",
}
#: Arguments whose names differ: nobody can give them by name and mean another program to run.
RENAMED = {
    "Socket.get": "its argument has three names in pyzmq: option, opt and key",
    "Socket.getsockopt": "its argument has three names in pyzmq",
    "Socket.set": "its arguments have two names each in pyzmq",
    "device": "zmq.green has other names than zmq, whose are here",
}


def of_pyzmq(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def public(module: ModuleType) -> list[str]:
    """Return the names of a module that are its own."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(set(listed))
    return [name for name in vars(module) if not name.startswith("_") and is_own(module, name)]


def is_own(module: ModuleType, name: str) -> bool:
    value = getattr(module, name)
    return not isinstance(value, ModuleType) and value_module(value).startswith("zmq")


def value_module(value: object) -> str:
    return str(getattr(value, "__module__", None) or "zmq")


def parameters(function: Any) -> list[Parameter] | None:
    """Return what a function takes; None for one that does not say so."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def differences(theirs: Any, ours: Any) -> list[str]:
    """Return the calls that one function takes and the other one does not."""
    wanted, given = parameters(theirs), parameters(ours)
    if wanted is None or given is None or any(p.kind == p.VAR_POSITIONAL for p in wanted):
        return []
    by_name = {p.name: p for p in given}
    positional = [p.name for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    takes_names = any(p.kind == p.VAR_KEYWORD for p in given)
    takes_all = any(p.kind == p.VAR_POSITIONAL for p in given)
    found = []
    for number, each in enumerate(wanted):
        if each.name.startswith("_") or each.name == "self" or each.kind == each.VAR_KEYWORD:
            continue
        by_place = each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        if by_place and not takes_all and number >= len(positional):
            found.append(f"{each.name} is not taken by its place")
        elif by_place and each.name in positional and positional.index(each.name) != number:
            found.append(f"{each.name} has another place")
        if each.kind != each.POSITIONAL_ONLY and each.name not in by_name and not takes_names:
            found.append(f"{each.name} is not taken by its name")
        same = by_name.get(each.name)
        if same is not None and each.default is not each.empty and is_required(same):
            found.append(f"{each.name} has to be given")
    names = {each.name for each in wanted}
    for number, one in enumerate(given):
        if one.name not in names and is_required(one) and number >= len(wanted):
            found.append(f"{one.name} has to be given, too")
    return found


def is_required(one: Parameter) -> bool:
    return one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)


def compare(name: str, theirs: Any, ours: Any) -> tuple[list[str], list[str]]:
    """Return what is missing of a class or function, and how its calls differ."""
    missing: list[str] = []
    different = (
        [f"{name}: {each}" for each in differences(theirs, ours)] if callable(theirs) else []
    )
    if inspect.isclass(theirs):
        # The options, in capital letters, have a test of their own.
        for each in dir(theirs):
            if each.startswith("_") or each.isupper():
                continue
            if not hasattr(ours, each):
                missing.append(f"{name}.{each}")
                continue
            method = getattr(theirs, each)
            if callable(method) and not inspect.isclass(method):
                found = differences(method, getattr(ours, each))
                different += [f"{name}.{each}: {what}" for what in found]
    return missing, different


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in MODULES for place in PLACES.get(name, [f"antiphon.{name}"])],
)
def test_names_and_arguments(name: str, place: str) -> None:
    theirs = of_pyzmq(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ours = importlib.import_module(place)
    missing: list[str] = []
    different: list[str] = []
    for each in public(theirs):
        if not hasattr(ours, each):
            missing.append(each)
            continue
        lacks, differs = compare(each, getattr(theirs, each), getattr(ours, each))
        missing += lacks
        different += differs
    assert set(missing) - set(LEFT_OUT) == set()
    assert [each for each in different if each.partition(":")[0] not in RENAMED] == []


def test_the_comparison_sees_what_differs() -> None:
    def theirs(a: int, b: int = 1, *, c: int = 2) -> None: ...

    def fewer(a: int) -> None: ...
    def swapped(b: int, a: int, *, c: int = 2) -> None: ...
    def more(a: int, b: int = 1, d: int = 0, *, c: int = 2, e: int = 3) -> None: ...
    def stricter(a: int, b: int, c: int) -> None: ...

    assert differences(theirs, theirs) == differences(theirs, more) == []
    assert differences(theirs, fewer) == [
        "b is not taken by its place",
        "b is not taken by its name",
        "c is not taken by its name",
    ]
    assert "a has another place" in differences(theirs, swapped)
    assert differences(theirs, stricter) == ["b has to be given", "c has to be given"]
