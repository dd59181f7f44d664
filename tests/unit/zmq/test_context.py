"""The contexts: how sockets are made, how many, and with which options."""

import copy
import gc
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
import zmq as theirs

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
    with aio.Context() as loops:
        make: Any = ours.Context
        with pytest.raises(TypeError, match="make a Context"):
            make(loops)
        with pytest.raises(TypeError, match="make a Context"):
            make(shadow=loops)
        with pytest.raises(TypeError, match="the Context of its own module"):
            ours.Socket(loops, ours.REQ)
        with pytest.raises(TypeError, match="from a context and a type"):
            ours.Socket(5, ours.REQ)


def test_asyncio_contexts_take_a_class_too() -> None:
    class Mine(aio.Socket):
        """A socket of the program's own."""

    with aio.Context() as context:
        assert type(context.socket(ours.REQ, socket_class=Mine)) is Mine
        assert type(Mine(context, ours.REQ)) is Mine


OPTIONS = [
    *((number, value) for number in (1, 2, 5) for value in (-1, 0, 1, 7)),
    *((4, value) for value in (0, 1, 7)),
    *((number, value) for number in (3, 6, 7, 8, 9) for value in (-1, 0, 1)),
    *((number, value) for number in (10, 42, 70) for value in (-1, 0, 1, 2)),
    *((number, value) for number in (-1, 0, 11, 99) for value in (0, 1)),
    *((1, value) for value in ("1", b"1", None, 1.5)),
]


def outcome(call: Any) -> Any:
    try:
        return call()
    except TypeError:
        return TypeError
    except (ours.ZMQError, theirs.ZMQError) as error:
        return error.errno


@pytest.mark.parametrize(("number", "value"), OPTIONS)
def test_each_option_takes_and_gives_what_it_does_in_libzmq(number: int, value: object) -> None:
    def outcomes(context: Any) -> list[Any]:
        return [
            outcome(lambda: context.get(number)),
            outcome(lambda: context.set(number, value)),
            outcome(lambda: context.get(number)),
        ]

    with ours.Context() as here, theirs.Context() as there:
        assert outcomes(here) == outcomes(there)


def test_processors_are_added_before_they_are_removed(either: Any, either_context: Any) -> None:
    add, remove = either.THREAD_AFFINITY_CPU_ADD, either.THREAD_AFFINITY_CPU_REMOVE
    either_context.set(add, 3)
    either_context.set(remove, 3)
    with pytest.raises(either.ZMQError):
        either_context.set(remove, 3)


def test_no_frame_is_longer_than_max_msgsz() -> None:
    with ours.Context() as context:
        free = context.socket(ours.DEALER)
        context.max_msgsz = 10
        bound = context.socket(ours.DEALER)
        free.bind("inproc://sizes")
        bound.connect("inproc://sizes")
        bound.send_multipart([b"x" * 10, b"y" * 10])
        for parts in ([b"x" * 11], [b"x", b"y" * 11]):
            with pytest.raises(ours.ZMQError, match="MAX_MSGSZ") as caught:
                bound.send_multipart(parts)
            assert caught.value.errno == ours.EMSGSIZE
        with pytest.raises(ours.ZMQError, match="MAX_MSGSZ"):
            bound.send(b"x" * 11)
        bound.send(b"next")
        assert free.recv_multipart() == [b"x" * 10, b"y" * 10]
        assert free.recv() == b"next"


def test_a_shadow_is_the_same_context(either: Any, either_context: Any) -> None:
    either_context.linger = 7
    for shadow in (
        either.Context.shadow(either_context),
        either.Context.shadow(either_context.underlying),
        either.Context(either_context),
        either.Context(shadow=either_context),
        copy.copy(either_context),
        copy.deepcopy(either_context),
    ):
        assert shadow is not either_context
        assert shadow.underlying == either_context.underlying != 0
        assert shadow.sockopts == {}
        shadow.linger = 0
        here, there = shadow.socket(either.DEALER), either_context.socket(either.DEALER)
        here.bind("inproc://shadow")
        there.connect("inproc://shadow")
        there.send(b"x")
        assert here.recv() == b"x"
        assert (here.linger, there.linger) == (0, 7)
        here.close()
        there.close(0)
        del shadow, here
        gc.collect()
        assert not either_context.closed
        either_context.socket(either.REQ).close()


def test_a_shadow_ends_with_its_context() -> None:
    context = ours.Context()
    shadow = ours.Context.shadow(context)
    number = context.underlying
    context.term()
    assert shadow.closed
    assert context.underlying == shadow.underlying == 0
    with pytest.raises(ours.ContextTerminated):
        shadow.socket(ours.REQ)
    for unknown in (number + 1, -5):
        with pytest.raises(ours.ZMQError):
            ours.Context.shadow(unknown)
    with pytest.raises(TypeError):
        ours.Context.shadow("text")


def test_a_context_lives_as_long_as_its_shadow() -> None:
    shadow = ours.Context.shadow(ours.Context())
    gc.collect()
    socket = shadow.socket(ours.REP)
    socket.bind("inproc://alive")
    assert not shadow.closed
    shadow.destroy(0)


def test_a_context_shows_how_many_sockets_it_has(either: Any) -> None:
    context = either.Context()
    assert repr(context) == f"<zmq.Context() at {id(context):#x}>"
    first = context.socket(either.REQ)
    assert repr(context) == f"<zmq.Context(1 socket) at {id(context):#x}>"
    second = context.socket(either.REP)
    assert repr(context) == f"<zmq.Context(2 sockets) at {id(context):#x}>"
    assert repr(second) == f"<zmq.Socket(zmq.REP) at {id(second):#x}>"
    first.close()
    second.close()
    assert repr(second) == f"<zmq.Socket(zmq.REP) at {id(second):#x} closed>"
    assert repr(context) == f"<zmq.Context() at {id(context):#x}>"
    context.term()
    assert repr(context) == f"<zmq.Context() at {id(context):#x} closed>"


def test_defaults_of_sockets_are_a_dictionary(either: Any, either_context: Any) -> None:
    either_context.sockopts.clear()
    either_context.linger = 5
    either_context.setsockopt(either.ROUTER_MANDATORY, 1)
    assert either_context.sockopts == {either.LINGER: 5, either.ROUTER_MANDATORY: 1}
    assert either_context.linger == either_context.getsockopt(either.LINGER) == 5
    assert either_context.socket(either.REQ).linger == 5
    with pytest.raises(AttributeError):
        either_context.colour = "red"
    with pytest.raises(AttributeError):
        either_context.colour  # noqa: B018


@pytest.mark.parametrize(
    ("either", "subclass_first"),
    # pyzmq gives a subclass the instance of its base, where that has one.
    [(ours, True), (ours, False), (theirs, True)],
    indirect=["either"],
)
def test_every_class_has_an_instance_of_its_own(either: Any, subclass_first: bool) -> None:
    class Mine(either.Context):  # type: ignore[misc]
        """A context of the program's own."""

    order = [Mine, either.Context] if subclass_first else [either.Context, Mine]
    contexts = [kind.instance() for kind in order]
    assert [type(context) for context in contexts] == order
    assert Mine.instance() in contexts
    for context in contexts:
        context.term()
    assert Mine.instance() not in contexts
    Mine.instance().term()


def test_threads_find_the_same_instance(either: Any) -> None:
    found: list[Any] = []
    barrier = threading.Barrier(8)

    def look() -> None:
        barrier.wait(10)
        found.append(either.Context.instance())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len({id(context) for context in found}) == 1
    found[0].term()


def test_a_child_process_has_an_instance_of_its_own() -> None:
    code = """
import os, sys
import antiphon.zmq as zmq
context = zmq.Context.instance()
with context.socket(zmq.REP) as socket:
    child = os.fork()
    if child == 0:
        own = zmq.Context.instance()
        a, b = own.socket(zmq.DEALER), own.socket(zmq.DEALER)
        a.bind("inproc://child")
        b.connect("inproc://child")
        b.send(b"x")
        os._exit(0 if own is not context and a.recv() == b"x" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert zmq.Context.instance() is context
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"done\n"


def test_term_in_a_thread_ends_a_blocked_receive(either: Any) -> None:
    context = either.Context()
    socket = context.socket(either.REP)
    ended: list[int] = []

    def receive() -> None:
        try:
            socket.recv()
        except either.ContextTerminated as error:
            ended.append(error.errno)
        socket.close()

    thread = threading.Thread(target=receive)
    thread.start()
    context.term()
    thread.join(10)
    assert ended == [either.ETERM]


def test_contexts_and_sockets_in_a_circle_are_collected() -> None:
    class Owner:
        def __init__(self) -> None:
            self.context = ours.Context()
            self.socket = self.context.socket(ours.REP)
            self.owner = self

    owner = weakref.ref(Owner())
    gc.collect()
    assert owner() is None


@pytest.mark.parametrize("closed", [False, True])
def test_the_end_waits_for_nobody_who_would_bind_a_name(closed: bool) -> None:
    """Whatever LINGER says: no name of the context can be bound any longer."""
    context = ours.Context()
    socket = context.socket(ours.PUSH, linger=-1)
    socket.connect("inproc://nobody")
    socket.send(b"x")
    if closed:
        socket.close()
        context.term()
    context.destroy()
    assert context.closed


def test_destroy_without_linger_waits_for_no_socket_that_was_closed_before() -> None:
    context = ours.Context()
    socket = context.socket(ours.PUSH)
    socket.connect("tcp://127.0.0.1:9")
    socket.send(b"x")
    socket.close(linger=-1)
    context.destroy(linger=0)
    assert context.closed
