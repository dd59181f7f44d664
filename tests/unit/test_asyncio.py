"""Actors on asyncio: ready before one goes on, ended politely, cancelled when they are not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq
from antiphon.asyncio import TERM, Actor, Pipe

Scenario = Callable[[azmq.Context], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def main() -> None:
        with azmq.Context() as context:
            context.linger = 0
            async with asyncio.timeout(20):
                await scenario(context)

    asyncio.run(main())


def said_by_actors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what actors have logged; sockets may tell of a $TERM that came too late."""
    return [record.getMessage() for record in caplog.records if record.name == "antiphon.actor"]


async def echo(pipe: Pipe) -> None:
    pipe.ready()
    while (message := await pipe.recv_multipart()) != [TERM]:
        await pipe.send_multipart(message)


def test_it_talks_over_its_pipe() -> None:
    async def scenario(context: azmq.Context) -> None:
        async with Actor(context, echo) as actor:
            assert actor.pipe.type == zmq.PAIR
            await actor.pipe.send_multipart([b"a", b""])
            assert await actor.pipe.recv_multipart() == [b"a", b""]
            lives = [actor.alive]
        assert [*lives, actor.alive] == [True, False]
        assert actor.pipe.closed

    run(scenario)


def test_it_is_ready_when_start_returns() -> None:
    async def scenario(context: azmq.Context) -> None:
        order: list[str] = []

        async def slow(pipe: Pipe, word: str) -> None:
            await asyncio.sleep(0.01)
            order.append(word)
            pipe.ready()
            await pipe.recv()

        async with Actor(context, slow, "ready"):
            order.append("started")
        assert order == ["ready", "started"]

    run(scenario)


def test_the_end_of_an_actor_is_heard() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def brief(pipe: Pipe) -> None:
            pipe.ready()
            await pipe.send(b"done")

        async with Actor(context, brief) as actor:
            assert [await actor.pipe.recv(), await actor.pipe.recv()] == [b"done", TERM]

    run(scenario)


def test_what_was_not_read_is_counted_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(context: azmq.Context) -> None:
        async def brief(pipe: Pipe) -> None:
            pipe.ready()
            await pipe.send(b"1")
            await pipe.send(b"2")

        async with Actor(context, brief):
            pass

    run(scenario)
    assert said_by_actors(caplog) == ["actor brief is closed: 2 of its messages were not read"]


def test_what_it_raises_at_first_start_raises() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def broken(pipe: Pipe) -> None:
            raise LookupError("no such thing")

        actor = Actor(context, broken)
        with pytest.raises(LookupError, match="no such thing"):
            await actor.start()
        assert actor.pipe.closed

    run(scenario)


def test_what_it_raises_later_close_raises() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def broken(pipe: Pipe) -> None:
            pipe.ready()
            raise LookupError("no such thing")

        actor = Actor(context, broken)
        await actor.start()
        for _ in range(2):
            with pytest.raises(LookupError, match="no such thing"):
                await actor.close()

    run(scenario)


def test_one_that_is_never_ready_is_cancelled() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def silent(pipe: Pipe) -> None:
            await asyncio.Event().wait()

        actor = Actor(context, silent)
        with pytest.raises(zmq.Again, match=r"silent has not called pipe.ready\(\) in 20 ms"):
            await actor.start(20)
        assert not actor.alive

    run(scenario)


def test_one_that_does_not_listen_is_cancelled() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def deaf(pipe: Pipe) -> None:
            pipe.ready()
            await asyncio.Event().wait()

        actor = Actor(context, deaf)
        await actor.start()
        with pytest.raises(zmq.Again, match="deaf has not ended in 20 ms"):
            await actor.close(20)
        assert not actor.alive
        assert actor.pipe.closed

    run(scenario)


def test_whoever_is_cancelled_leaves_no_actor_behind() -> None:
    async def scenario(context: azmq.Context) -> None:
        async def silent(pipe: Pipe) -> None:
            await asyncio.Event().wait()

        actor = Actor(context, silent)
        starting = asyncio.create_task(actor.start())
        await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        assert starting.cancelled()
        assert not actor.alive

    run(scenario)


def test_a_full_pipe_does_not_hide_the_request_to_end() -> None:
    async def scenario(context: azmq.Context) -> None:
        context.sndhwm = context.rcvhwm = 2
        start = asyncio.Event()
        heard: list[bytes] = []

        async def late(pipe: Pipe) -> None:
            pipe.ready()
            await start.wait()
            while (message := await pipe.recv()) != TERM:
                heard.append(message)

        actor = Actor(context, late)
        await actor.start()
        sent = 0
        while await actor.pipe.poll(0, zmq.POLLOUT):
            await actor.pipe.send(b"x")
            sent += 1
        asyncio.get_running_loop().call_later(0.02, start.set)
        await actor.close()
        assert len(heard) == sent > 0

    run(scenario)


def test_it_is_started_once_or_not_at_all() -> None:
    async def scenario(context: azmq.Context) -> None:
        async with Actor(context, echo) as actor:
            with pytest.raises(RuntimeError, match="has been started"):
                await actor.start()
        never = Actor(context, echo)
        await never.close()
        assert never.pipe.closed

    run(scenario)


def test_the_end_of_the_context_ends_it() -> None:
    async def main() -> None:
        context = azmq.Context()
        actor = Actor(context, echo)
        await actor.start()
        context.destroy(0)
        await actor.close()
        assert not actor.alive

    asyncio.run(main())


def test_one_whose_pipe_the_program_has_closed_is_ended_all_the_same() -> None:
    async def scenario(context: azmq.Context) -> None:
        ended: list[str] = []

        async def careful(pipe: Pipe) -> None:
            pipe.ready()
            try:
                await pipe.recv()
            finally:
                ended.append("careful")

        async with Actor(context, careful) as actor:
            actor.pipe.close()
        assert ended == ["careful"]
        assert not actor.alive

    run(scenario)
