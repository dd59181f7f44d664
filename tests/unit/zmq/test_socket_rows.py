"""What pyzmq's own tests of sockets ask for, of both packages."""

import copy
import gc
import warnings
from typing import Any

import pytest

import antiphon.zmq as ours
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


def test_a_shadow_is_the_same_socket(either: Any, either_pair: tuple[Any, Any]) -> None:
    a, b = either_pair
    shadows = [
        copy.copy(b),
        copy.deepcopy(b),
        either.Socket.shadow(b),
        either.Socket.shadow(b.underlying),
        either.Socket(b),
        either.Socket(shadow=b),
    ]
    for number, shadow in enumerate(shadows):
        assert (shadow.type, shadow.underlying) == (b.type, b.underlying)
        a.send_multipart([b"%d" % number, b"rest"])
        assert shadow.recv() == b"%d" % number
        assert b.rcvmore == shadow.rcvmore == 1
        assert b.recv() == b"rest"
        shadow.send(b"back")
        assert a.recv() == b"back"
    del shadow, shadows[1:]
    gc.collect()
    assert not b.closed
    b.close()
    assert shadows[0].closed
    assert b.underlying == 0


def test_closing_a_shadow_closes_the_socket() -> None:
    with ours.Context() as context:
        socket = context.socket(ours.REP)
        with ours.Socket.shadow(socket) as shadow:
            assert shadow.context is context
        assert socket.closed
        with pytest.raises(ours.SocketClosed):
            socket.recv(ours.DONTWAIT)
        for unknown in (12345, -1):
            with pytest.raises(ours.ZMQError) as caught:
                ours.Socket.shadow(unknown)
            assert caught.value.errno == ours.ENOTSOCK


def test_a_socket_lives_as_long_as_its_shadow() -> None:
    with ours.Context() as context:
        shadow = copy.copy(context.socket(ours.REP))
        gc.collect()
        shadow.bind("inproc://kept")
        assert not shadow.closed


def test_a_socket_has_a_type_and_a_threshold(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.ROUTER)
    assert socket.type is either.SocketType.ROUTER
    assert socket.copy_threshold == either.COPY_THRESHOLD
    socket.copy_threshold = 5
    other = either.Socket(either_context, either.REQ, copy_threshold=7)
    assert other.copy_threshold == 7


def test_a_path_that_is_too_long_is_told_with_its_bound(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    path = "ipc:///" + "a" * either.IPC_PATH_MAX_LEN
    for call in (socket.bind, socket.connect):
        with pytest.raises(either.ZMQError) as caught:
            call(path)
        assert caught.value.errno == 36
    with pytest.raises(either.ZMQError, match=str(either.IPC_PATH_MAX_LEN)):
        socket.bind(path)


def test_a_folder_that_is_not_there_is_named(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    with pytest.raises(either.ZMQError, match="/no/such/folder/socket") as caught:
        socket.bind("ipc:///no/such/folder/socket")
    assert caught.value.errno == 2


@pytest.mark.parametrize(
    ("endpoint", "errno"), [("nonsense", "EINVAL"), ("foo://bar", "EPROTONOSUPPORT")]
)
def test_what_is_no_endpoint_is_refused(
    either: Any, either_context: Any, endpoint: str, errno: str
) -> None:
    socket = either_context.socket(either.DEALER)
    for call in (socket.bind, socket.connect):
        with pytest.raises(either.ZMQError) as caught:
            call(endpoint)
        assert caught.value.errno == getattr(either, errno)


def test_random_ports_are_tried_in_a_range(either: Any, either_context: Any) -> None:
    first, second = either_context.socket(either.DEALER), either_context.socket(either.DEALER)
    port = first.bind_to_random_port("tcp://127.0.0.1", min_port=42000, max_port=43000)
    assert 42000 <= port < 43000
    with pytest.raises(either.ZMQBindError):
        second.bind_to_random_port("tcp://127.0.0.1", port, port + 1, max_tries=3)
    for bad in ("nonsense", "foo://x"):
        with pytest.raises(either.ZMQError):
            second.bind_to_random_port(bad, 42000, 43000)


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("LINGER", "1", TypeError),
        ("LINGER", 1.5, TypeError),
        ("LINGER", b"1", TypeError),
        ("ROUTING_ID", "text", TypeError),
        ("ROUTING_ID", 5, TypeError),
        ("ROUTING_ID", b"", "EINVAL"),
        ("LINGER", -2, "EINVAL"),
        ("SNDHWM", -1, "EINVAL"),
        (9999, 1, "EINVAL"),
    ],
)
def test_bad_options(
    either: Any, either_context: Any, option: str | int, value: object, error: Any
) -> None:
    socket = either_context.socket(either.DEALER)
    number = option if isinstance(option, int) else getattr(either, option)
    if isinstance(error, str):
        with pytest.raises(either.ZMQError) as caught:
            socket.set(number, value)
        assert caught.value.errno == either.EINVAL
    else:
        with pytest.raises(error):
            socket.set(number, value)


def test_sockets_of_a_destroyed_context_are_closed(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    either_context.destroy(0)
    assert socket.closed
    with pytest.raises(either.ZMQError) as caught:
        socket.send(b"x")
    assert caught.value.errno in (either.ENOTSOCK, either.ETERM)
    with pytest.raises(either.ZMQError):
        socket.fileno()


def test_an_option_keeps_what_it_is_set_to(either: Any, either_context: Any) -> None:
    socket = either_context.socket(either.DEALER)
    for name, value in {
        "linger": 5,
        "sndhwm": 7,
        "rcvhwm": 8,
        "routing_id": b"me",
        "rcvtimeo": 9,
        "ipv6": 1,
        "immediate": 1,
        "maxmsgsize": 2**40,
        "affinity": 2**62,
        "heartbeat_ivl": 100,
    }.items():
        setattr(socket, name, value)
        assert getattr(socket, name) == getattr(socket, name.upper()) == value
        assert socket.get(getattr(either, name.upper())) == value
    socket.hwm = 3
    assert (socket.hwm, socket.sndhwm, socket.rcvhwm) == (3, 3, 3)


def test_large_messages(either: Any, either_pair: tuple[Any, Any]) -> None:
    a, b = either_pair
    data = b"x" * 30_000_000
    a.send(data, copy=False)
    assert b.recv(copy=False).bytes == data


def test_a_socket_whose_making_has_failed_is_shown_and_closed(either: Any) -> None:
    socket = either.Socket.__new__(either.Socket)
    assert repr(socket).startswith("<zmq.Socket(zmq.UNKNOWN) at 0x")
    assert socket.closed


def forget(things: list[Any]) -> list[str]:
    """Drop the last reference to the last of some things; returns the first warning of that."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del things[-1]
        gc.collect()
        until(lambda: len(told) > 0)
    return [f"{each.category.__name__}: {each.message}" for each in told]


def test_what_is_forgotten_open_is_warned_of(either: Any) -> None:
    things = [either.Context()]
    things.append(things[0].socket(either.REP))
    (line,) = forget(things)
    assert line.startswith("ResourceWarning: Unclosed socket <zmq.Socket(zmq.REP) at 0x")
    (line,) = forget(things)
    assert line.startswith("ResourceWarning: Unclosed context <zmq.Context() at 0x")


@pytest.mark.filterwarnings("error")
def test_what_is_closed_and_what_is_shared_is_not(either: Any) -> None:
    context = either.Context()
    socket = context.socket(either.REP)
    shadow = either.Socket.shadow(socket)
    again = either.Context.shadow(context)
    del shadow, again
    gc.collect()
    socket.close()
    context.term()
    del socket, context
    gc.collect()
