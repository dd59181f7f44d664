"""The asyncio host, on the standard loop and on uvloop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from antiphon.engine.socket import DEALER, REP, REQ, ROUTER, SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed
from antiphon.hosts.aio import AioHost
from antiphon.options import SocketOptions
from antiphon.spinning import Spinner

PATIENCE = 10_000

Scenario = Callable[[AioHost], Coroutine[Any, Any, None]]
Runner = Callable[[Scenario], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    """Run a scenario with a host on a fresh loop."""

    async def hosted(scenario: Scenario) -> None:
        host = AioHost()
        try:
            await asyncio.wait_for(scenario(host), 30)
        finally:
            host.destroy(0)

    def runner(scenario: Scenario) -> None:
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as loop:
            loop.run(hosted(scenario))

    return runner


def test_request_and_reply(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        rep = host.open(REP, SocketOptions())
        req = host.open(REQ, SocketOptions())
        host.connect(req, host.bind(rep, "tcp://127.0.0.1:*"))
        await host.send(req, [b"Hello"], PATIENCE)
        assert await host.recv(rep, PATIENCE) == [b"Hello"]
        await host.send(rep, [b"World"], PATIENCE)
        assert await host.recv(req, PATIENCE) == [b"World"]

    run(scenario)


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> Callable[[AioHost], None]:
    """Let a host look for answers for a minute before it sleeps, as on two processors."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    def look(host: AioHost) -> None:
        host.spinner = Spinner(host.reactor.poller, 1, 60.0)

    return look


async def asked(host: AioHost) -> tuple[SocketCore, SocketCore]:
    """Return a REQ whose request has come, and the REP that has it."""
    rep = host.open(REP, SocketOptions())
    req = host.open(REQ, SocketOptions())
    host.connect(req, host.bind(rep, "tcp://127.0.0.1:*"))
    await host.send(req, [b"Hello"], PATIENCE)
    assert await host.recv(rep, PATIENCE) == [b"Hello"]
    host.reactor.expectant = True
    return req, rep


async def begun(receive: Coroutine[Any, Any, list[bytes]]) -> asyncio.Task[list[bytes]]:
    """Return a task that has begun to receive, and has looked already."""
    task = asyncio.create_task(receive)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


def test_who_awaits_an_answer_looks_for_it_while_other_tasks_run(
    run: Runner, looking: Callable[[AioHost], None]
) -> None:
    async def scenario(host: AioHost) -> None:
        looking(host)
        req, rep = await asked(host)
        answer = asyncio.create_task(host.recv(req, PATIENCE))
        passes = host.reactor.passes
        for _ in range(1000):
            await asyncio.sleep(0)
        assert host.reactor.passes > passes + 500
        assert not answer.done()
        await host.send(rep, [b"World"], PATIENCE)
        assert await answer == [b"World"]

    run(scenario)


def test_one_task_at_a_time_looks(run: Runner, looking: Callable[[AioHost], None]) -> None:
    async def scenario(host: AioHost) -> None:
        looking(host)
        req, _ = await asked(host)
        tasks = []
        for _ in range(3):
            host.reactor.expectant = True
            tasks.append(asyncio.create_task(host.poll([(req, 1)], -1)))
            await asyncio.sleep(0)
        turns, passes = 1000, host.reactor.passes
        for _ in range(turns):
            await asyncio.sleep(0)
        assert turns * 0.5 < host.reactor.passes - passes < turns * 2
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scenario)


def test_a_receive_that_is_cancelled_while_it_looks_loses_nothing(
    run: Runner, looking: Callable[[AioHost], None]
) -> None:
    async def scenario(host: AioHost) -> None:
        looking(host)
        req, rep = await asked(host)
        task = await begun(host.recv(req, -1))
        await host.send(rep, [b"World"], PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await host.recv(req, PATIENCE) == [b"World"]

    run(scenario)


def test_the_last_message_of_a_peer_that_goes_is_for_who_looks(
    run: Runner, looking: Callable[[AioHost], None]
) -> None:
    async def scenario(host: AioHost) -> None:
        looking(host)
        router, other = (host.open(ROUTER, SocketOptions()) for _ in range(2))
        host.bind(other, "tcp://127.0.0.1:*")
        peers = AioHost()
        dealer = peers.open(DEALER, SocketOptions())
        peers.connect(dealer, host.bind(router, "tcp://127.0.0.1:*"))
        await peers.send(dealer, [b"hello"], PATIENCE)
        await host.recv(router, PATIENCE)
        host.reactor.expectant = True
        task = await begun(host.recv(router, PATIENCE))
        await peers.send(dealer, [b"last words"], PATIENCE)
        peers.term()
        # What has come is seen, and the peer's end, before the task has its next turn.
        while host.reactor.poller.poll(1.0, 8):
            with pytest.raises(Again):
                await host.recv(other, 0)
        assert (await task)[1] == b"last words"

    run(scenario)


@pytest.mark.parametrize("ending", ["socket", "context"])
def test_who_looks_sees_the_end(
    run: Runner, looking: Callable[[AioHost], None], ending: str
) -> None:
    async def scenario(host: AioHost) -> None:
        looking(host)
        req, _ = await asked(host)
        task = await begun(host.recv(req, -1))
        if ending == "socket":
            host.close(req, 0)
        else:
            host.destroy(0)
        with pytest.raises(SocketClosed if ending == "socket" else ContextTerminated):
            await task

    run(scenario)


def test_time_out(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        rep = host.open(REP, SocketOptions())
        host.bind(rep, "tcp://127.0.0.1:*")
        with pytest.raises(Again):
            await host.recv(rep, 50)
        with pytest.raises(Again):
            await host.recv(rep, 0)

    run(scenario)


def test_a_cancelled_receive_never_loses_a_message(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        router = host.open(ROUTER, SocketOptions())
        dealer = host.open(DEALER, SocketOptions())
        host.connect(dealer, host.bind(router, "inproc://here"))
        received: list[bytes] = []

        async def take() -> None:
            received.append((await host.recv(router, -1))[1])

        for number in range(200):
            task = asyncio.create_task(take())
            await asyncio.sleep(0)
            await host.send(dealer, [b"%d" % number], PATIENCE)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        while len(received) < 200:
            await take()
        assert sorted(received) == sorted(b"%d" % number for number in range(200))

    run(scenario)


def test_other_tasks_run_beside_a_flood(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        rep = host.open(ROUTER, SocketOptions())
        dealer = host.open(DEALER, SocketOptions())
        host.connect(dealer, host.bind(rep, "inproc://flood"))
        turns = 0
        flooding = True

        async def bystander() -> None:
            nonlocal turns
            while flooding:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(bystander())
        for _ in range(1000):
            await host.send(dealer, [b"x"], PATIENCE)
            await host.recv(rep, PATIENCE)
        flooding = False
        await task
        assert turns >= 10

    run(scenario)


def test_term_wakes_waiting_tasks(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        rep = host.open(REP, SocketOptions())
        host.bind(rep, "tcp://127.0.0.1:*")
        task = asyncio.create_task(host.recv(rep, -1))
        await asyncio.sleep(0)
        host.term()
        with pytest.raises(ContextTerminated):
            await task

    run(scenario)


def test_poll(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        rep = host.open(REP, SocketOptions())
        req = host.open(REQ, SocketOptions())
        host.connect(req, host.bind(rep, "tcp://127.0.0.1:*"))
        assert await host.poll([(rep, 1)], 0) == []
        await host.send(req, [b"x"], PATIENCE)
        assert await host.poll([(rep, 1), (req, 1)], PATIENCE) == [(rep, 1)]

    run(scenario)


def test_a_hundred_requests_in_flight(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        router = host.open(ROUTER, SocketOptions())
        dealer = host.open(DEALER, SocketOptions())
        host.connect(dealer, host.bind(router, "tcp://127.0.0.1:*"))

        async def serve() -> None:
            while True:
                await host.send(router, await host.recv(router, -1), -1)

        server = asyncio.create_task(serve())
        for number in range(100):
            await host.send(dealer, [b"%d" % number], PATIENCE)
        for number in range(2000):
            reply = await host.recv(dealer, PATIENCE)
            assert reply == [b"%d" % number]
            await host.send(dealer, [b"%d" % (number + 100)], PATIENCE)
        server.cancel()

    run(scenario)


def test_a_task_whose_loop_was_closed_while_it_waited_holds_nobody_up() -> None:
    host = AioHost()
    router = host.open(ROUTER, SocketOptions())
    dealer = host.open(DEALER, SocketOptions())
    host.connect(dealer, host.bind(router, "inproc://here"))
    first = asyncio.new_event_loop()
    task = first.create_task(host.recv(router, -1))
    first.run_until_complete(asyncio.sleep(0))
    first.close()

    async def scenario() -> None:
        await host.send(dealer, [b"Hello"], PATIENCE)
        assert (await host.recv(router, PATIENCE))[1] == b"Hello"

    asyncio.run(scenario())
    host.destroy(0)
    assert not task.done()
    task.get_coro().close()


def test_polling_sees_what_comes_though_something_is_ready_all_the_time(run: Runner) -> None:
    async def scenario(host: AioHost) -> None:
        one, two = host.open(DEALER, SocketOptions()), host.open(DEALER, SocketOptions())
        host.connect(two, host.bind(one, "tcp://127.0.0.1:*"))
        while not (await host.poll([(one, 3)], PATIENCE)):
            pass
        await host.send(two, [b"Hello"], PATIENCE)
        while await host.poll([(one, 3)], PATIENCE) == [(one, 2)]:
            pass
        assert await host.poll([(one, 3)], PATIENCE) == [(one, 3)]

    run(scenario)
