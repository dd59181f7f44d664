"""The contexts: how sockets are made, how many, and with which options."""

from typing import Any

import pytest

import antiphon.zmq as ours
import antiphon.zmq.asyncio as aio

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


def test_sockets_are_made_by_their_class_too(either: Any, either_context: Any) -> None:
    socket = either.Socket(either_context, either.REQ)
    assert socket.type is either.SocketType.REQ
    assert socket.context is either_context
    socket.close()


def test_options_are_set_before_the_socket_is_given() -> None:
    with ours.Context() as context:
        assert ours.Socket(context, ours.REQ, linger=3).linger == 3
        assert context.socket(ours.REQ, linger=4).linger == 4
        with pytest.raises(AttributeError):
            context.socket(ours.REQ, lingr=4)
        context.max_sockets = 2
        with pytest.raises(ours.OptionError):
            context.socket(ours.REQ, linger="long")
        context.socket(ours.REQ).close()


@pytest.mark.parametrize("socket_type", ["REQ", None])
def test_a_type_is_a_number(either_context: Any, socket_type: object) -> None:
    with pytest.raises(TypeError):
        either_context.socket(socket_type)


def test_max_sockets_is_a_limit(either: Any, either_context: Any) -> None:
    either_context.max_sockets = 2
    kept = [either_context.socket(either.REP), either_context.socket(either.REP)]
    with pytest.raises(either.ZMQError) as caught:
        either_context.socket(either.REP)
    assert caught.value.errno == 24
    for socket in kept:
        socket.close()


def test_closed_sockets_are_not_counted() -> None:
    with ours.Context() as context:
        context.max_sockets = 3
        for _ in range(200):
            context.socket(ours.REP).close()
            context.socket(ours.REP)
        with pytest.raises(ours.OptionError):
            context.max_sockets = 0


def test_ipv6_and_blocky(either: Any, either_context: Any) -> None:
    context = either.Context()
    assert (context.get(either.IPV6), context.get(either.BLOCKY)) == (0, 1)
    assert context.socket(either.REQ).linger == -1
    context.set(either.IPV6, 1)
    context.set(either.BLOCKY, 0)
    assert (context.get(either.IPV6), context.get(either.BLOCKY)) == (1, 0)
    socket = context.socket(either.REQ)
    assert (socket.ipv6, socket.linger) == (1, 0)
    with pytest.raises(either.ZMQError) as caught:
        context.get(99)
    assert caught.value.errno == either.EINVAL
    context.destroy(0)


def test_hosts_do_not_mix_and_say_what_to_do() -> None:
    with ours.Context() as blocking, aio.Context() as loops:
        make: Any = aio.Context
        with pytest.raises(TypeError, match="make a Context"):
            make(blocking)
        with pytest.raises(TypeError, match="make a Context"):
            make(shadow=blocking)
        with pytest.raises(TypeError, match="the Context of its own module"):
            ours.Socket(loops, ours.REQ)
        with pytest.raises(TypeError, match="the Context of its own module"):
            aio.Socket(blocking, ours.REQ)
        with pytest.raises(TypeError, match="from a context and a type"):
            ours.Socket(5, ours.REQ)


def test_asyncio_contexts_take_a_class_too() -> None:
    class Mine(aio.Socket):
        """A socket of the program's own."""

    with aio.Context() as context:
        assert type(context.socket(ours.REQ, socket_class=Mine)) is Mine
        assert type(Mine(context, ours.REQ)) is Mine
