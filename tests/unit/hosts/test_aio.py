"""The asyncio host, on the standard loop and on uvloop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from antiphon.engine.socket import DEALER, REP, REQ, ROUTER
from antiphon.errors import Again, ContextTerminated
from antiphon.hosts.aio import AioHost
from antiphon.options import SocketOptions

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
