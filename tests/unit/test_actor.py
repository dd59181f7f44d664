"""Actors: ready before the constructor returns, ended politely, never silent about a failure."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

import antiphon.zmq as zmq
from antiphon.actor import TERM, Actor, Pipe


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as context:
        context.linger, context.rcvtimeo = 0, 10_000
        yield context


def said_by_actors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what actors have logged; sockets may tell of a $TERM that came too late."""
    return [record.getMessage() for record in caplog.records if record.name == "antiphon.actor"]


def echo(pipe: Pipe) -> None:
    pipe.ready()
    while (message := pipe.recv_multipart()) != [TERM]:
        pipe.send_multipart(message)


def test_it_talks_over_its_pipe(context: zmq.Context) -> None:
    with Actor(context, echo) as actor:
        assert actor.pipe.type == zmq.PAIR
        actor.pipe.send_multipart([b"a", b""])
        assert actor.pipe.recv_multipart() == [b"a", b""]
        lives = [actor.alive]
    assert [*lives, actor.alive] == [True, False]
    assert actor.pipe.closed


def test_it_is_ready_when_the_constructor_returns(context: zmq.Context) -> None:
    order: list[str] = []

    def prepare(pipe: Pipe, word: str) -> None:
        order.append(word)
        pipe.ready()
        pipe.recv()

    with Actor(context, prepare, "ready"):
        order.append("constructed")
    assert order == ["ready", "constructed"]


def test_one_that_fails_when_nobody_listens_holds_nothing_up() -> None:
    """Its last word finds its pipe closed: the context ends all the same."""
    go_on, ended = threading.Event(), threading.Event()

    def broken(pipe: Pipe) -> None:
        go_on.wait()
        with suppress(zmq.ZMQError):
            pipe.send(b"nobody")
        ended.set()

    with zmq.Context() as context:
        with pytest.raises(zmq.Again):
            Actor(context, broken, timeout_ms=1)
        go_on.set()
        assert ended.wait(10)


def test_actors_of_one_context_do_not_hear_each_other(context: zmq.Context) -> None:
    with Actor(context, echo) as first, Actor(context, echo) as second:
        first.pipe.send(b"1")
        second.pipe.send(b"2")
        assert (second.pipe.recv(), first.pipe.recv()) == (b"2", b"1")


def test_an_actor_makes_sockets_of_its_own(context: zmq.Context) -> None:
    def serve(pipe: Pipe) -> None:
        with pipe.context.socket(zmq.REP) as socket:
            socket.bind("tcp://127.0.0.1:*")
            pipe.ready()
            pipe.send(socket.last_endpoint)
            socket.send(socket.recv().upper())
            pipe.recv()

    with Actor(context, serve) as actor, context.socket(zmq.REQ) as client:
        client.connect(actor.pipe.recv())
        client.send(b"hello")
        assert client.recv() == b"HELLO"


def test_the_end_of_an_actor_is_heard(context: zmq.Context) -> None:
    def brief(pipe: Pipe) -> None:
        pipe.ready()
        pipe.send(b"done")

    actor = Actor(context, brief)
    assert [actor.pipe.recv(), actor.pipe.recv()] == [b"done", TERM]
    actor.close()


def test_what_was_not_read_is_counted_in_the_log(
    context: zmq.Context, caplog: pytest.LogCaptureFixture
) -> None:
    def brief(pipe: Pipe) -> None:
        pipe.ready()
        pipe.send(b"1")
        pipe.send(b"2")

    Actor(context, brief).close()
    assert said_by_actors(caplog) == ["actor brief is closed: 2 of its messages were not read"]


def test_one_that_returns_without_being_ready_has_simply_ended(context: zmq.Context) -> None:
    with Actor(context, lambda pipe: None) as actor:
        assert actor.pipe.recv() == TERM


def test_what_it_raises_at_first_the_constructor_raises(
    context: zmq.Context, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(pipe: Pipe) -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        Actor(context, broken)
    assert said_by_actors(caplog) == ["actor broken has failed"]


def test_what_it_raises_later_close_raises(
    context: zmq.Context, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(pipe: Pipe) -> None:
        pipe.ready()
        raise LookupError("no such thing")

    actor = Actor(context, broken)
    assert actor.pipe.recv() == TERM
    for _ in range(2):
        with pytest.raises(LookupError, match="no such thing"):
            actor.close()
    assert said_by_actors(caplog) == ["actor broken has failed"]


def test_one_that_is_never_ready_is_given_up(context: zmq.Context) -> None:
    ended = threading.Event()

    def silent(pipe: Pipe) -> None:
        assert pipe.recv() == TERM
        ended.set()

    with pytest.raises(zmq.Again, match=r"silent has not called pipe.ready\(\) in 20 ms"):
        Actor(context, silent, timeout_ms=20)
    assert ended.wait(10)


def test_one_that_does_not_listen_is_not_waited_for_without_end(context: zmq.Context) -> None:
    release = threading.Event()

    def deaf(pipe: Pipe) -> None:
        pipe.ready()
        release.wait(20)

    actor = Actor(context, deaf)
    with pytest.raises(zmq.Again, match="deaf has not ended in 20 ms"):
        actor.close(20)
    release.set()
    actor.close()


def test_a_full_pipe_does_not_hide_the_request_to_end(context: zmq.Context) -> None:
    context.sndhwm = context.rcvhwm = 2
    start = threading.Event()
    heard: list[bytes] = []

    def late(pipe: Pipe) -> None:
        pipe.ready()
        start.wait(20)
        while (message := pipe.recv()) != TERM:
            heard.append(message)

    actor = Actor(context, late)
    sent = 0
    while actor.pipe.poll(0, zmq.POLLOUT):
        actor.pipe.send(b"x")
        sent += 1
    threading.Timer(0.1, start.set).start()
    actor.close()
    assert len(heard) == sent > 0


def test_the_end_of_the_context_ends_it(context: zmq.Context) -> None:
    actor = Actor(context, echo)
    context.destroy()
    actor.close()
    assert not actor.alive


def test_a_bad_argument_starts_nothing(context: zmq.Context) -> None:
    with pytest.raises(TypeError):
        Actor(context, echo, 1)  # type: ignore[arg-type]


INTERRUPTED = """
import antiphon.zmq as zmq
from antiphon.actor import TERM, Actor
def work(pipe):
    pipe.ready()
    while pipe.recv() != TERM:
        pass
    print("ended politely")
with zmq.Context() as context, Actor(context, work) as actor:
    print("running")
    actor.pipe.recv()
"""


def test_ctrl_c_ends_the_program_and_its_actors() -> None:
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", INTERRUPTED], stdout=pipe, stderr=pipe, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "running\n"
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=20)
    assert output == "ended politely\n"
    assert errors.rstrip().endswith("KeyboardInterrupt")


def test_one_whose_pipe_the_program_has_closed_is_ended_all_the_same(
    context: zmq.Context, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    def careful(pipe: Pipe) -> None:
        pipe.ready()
        try:
            pipe.recv()
        finally:
            ended.append("careful")

    with Actor(context, careful) as actor:
        actor.pipe.close()
    assert ended == ["careful"]
    assert not actor.alive
    assert said_by_actors(caplog) == []
