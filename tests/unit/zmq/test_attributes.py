"""Options as attributes: those of pyzmq, in either case, with types that a checker knows."""

import ast
import inspect
from typing import Any, assert_type

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.constants import OwnOption, SocketOption
from antiphon.options import SPECS
from antiphon.zmq import attributes

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")

#: What the options module knows under other names, or in no table.
ALIASES = {
    "connect_rid",
    "delay_attach_on_connect",
    "fail_unroutable",
    "identity",
    "ipv4only",
    "mechanism",
    "router_behavior",
}


def declared(kind: type[object]) -> set[str]:
    """Return the names that a class declares for type checkers."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    names: set[str] = set()
    for block in definition.body:
        for line in block.body if isinstance(block, ast.If) else []:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                names.add(line.target.id)
            elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                names.add(line.targets[0].id)
    return names


def test_type_checkers_know_exactly_the_options_there_are() -> None:
    options = {spec.attribute for spec in SPECS.values()} | ALIASES
    upper = {name.upper() for name in options} | {"HWM"}
    assert declared(attributes.OptionAttributes) == options | upper
    numbers = {**SocketOption.__members__, **OwnOption.__members__}
    assert {name.upper() for name in options} <= set(numbers)


def test_socket_options_have_types(either: Any) -> None:
    """Read by mypy as well: an ignore that is of no use is an error there."""
    del either
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        assert_type(socket, zmq.Socket)
        assert_type(socket.linger, int)
        assert_type(socket.LINGER, int)
        assert_type(socket.routing_id, bytes)
        assert_type(socket.plain_username, bytes)
        assert_type(socket.last_endpoint, bytes)
        assert_type(socket.type, zmq.SocketType)
        assert_type(socket.rcvmore, int)
        assert_type(context.linger, int)
        assert_type(context.max_sockets, int)
        socket.router_mandatory = True
        socket.zap_domain = "text"
        with pytest.raises(AttributeError):
            socket.lingr = 5  # type: ignore[attr-defined]
        with pytest.raises(AttributeError):
            context.lingr = 5  # type: ignore[attr-defined]
        with pytest.raises(TypeError):
            socket.linger = "long"  # type: ignore[assignment]
    with azmq.Context() as other:
        assert_type(other.socket(zmq.REQ), azmq.Socket)
        with pytest.raises(AttributeError):
            _ = other.lingr  # type: ignore[attr-defined]


def test_names_may_be_in_upper_case(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    socket.LINGER = 7
    assert socket.linger == socket.LINGER == socket.get(either.LINGER) == 7
    socket.IDENTITY = b"me"
    assert socket.routing_id == socket.IDENTITY == b"me"
    assert socket.RCVMORE == 0
    assert socket.TYPE == either.DEALER
    socket.bind("tcp://127.0.0.1:*")
    assert socket.last_endpoint == socket.LAST_ENDPOINT
    assert socket.LAST_ENDPOINT.startswith(b"tcp://127.0.0.1:")


def test_options_are_offered_for_completion(either: Any, either_context: Any) -> None:
    assert {"LINGER", "RCVHWM", "send"} <= {*dir(either_context.socket(either.SUB))}
    assert {"IO_THREADS", "socket"} <= {*dir(either_context)}


def test_contexts_have_their_own_options(either: Any, either_context: Any) -> None:
    assert either_context.IO_THREADS == either_context.io_threads == 1
    assert either_context.max_sockets == either_context.get(either.MAX_SOCKETS) == 1023
    either_context.MAX_SOCKETS = 5
    assert either_context.max_sockets == 5
    either_context.SNDHWM = 3
    assert either_context.socket(either.REQ).sndhwm == 3


def test_what_cannot_be_read_is_no_attribute(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.ROUTER)
    assert not hasattr(socket, "router_mandatory")
    assert getattr(socket, "probe_router", "default") == "default"
    assert not hasattr(socket, "no_such_option")
    assert not hasattr(either_context, "router_mandatory")
    with pytest.raises(either.ZMQError) as caught:
        socket.get(either.ROUTER_MANDATORY)
    assert caught.value.errno == either.EINVAL


def test_subclasses_have_the_attributes_that_they_name(either: Any, either_context: Any) -> None:
    class Counting(either.Socket):  # type: ignore[misc]
        count = 0
        label: str

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.label = "mine"
            self.count += 1

    class Named(either.Context):  # type: ignore[misc]
        _socket_class = Counting
        title: str

    socket = either_context.socket(either.REQ, socket_class=Counting)
    assert (type(socket), socket.label, socket.count) == (Counting, "mine", 1)
    with pytest.raises(AttributeError):
        socket.other = 1
    context = Named()
    context.title = "shared"
    assert context.title == "shared"
    assert type(context.socket(either.REP)) is Counting
    with pytest.raises(AttributeError):
        context.other = 1
    context.destroy(0)


@pytest.mark.parametrize("name", ["no_such_option", "FOO"])
def test_unknown_attributes_are_errors(either_context: Any, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(either_context, name, 1)
    with pytest.raises(AttributeError):
        getattr(either_context, name)
