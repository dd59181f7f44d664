"""The events of a socket one by one: the same for threads and for asyncio."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as azmq

ANYWHERE = "tcp://127.0.0.1:*"
PATIENCE = 10_000


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    context = zmq.Context()
    context.linger = 0
    yield context
    context.destroy(0)


@pytest.fixture
def async_context() -> Iterator[azmq.Context]:
    context = azmq.Context()
    context.linger = 0
    yield context
    context.destroy(0)


def names(stream: zmq.EventStream, last: str) -> list[str]:
    """Return the names of events up to one."""
    found: list[str] = []
    while last not in found:
        event = stream.receive(PATIENCE)
        assert event is not None, found
        found.append(event.name)
    return found


async def async_names(stream: azmq.EventStream, last: str) -> list[str]:
    found: list[str] = []
    while last not in found:
        event = await stream.receive(PATIENCE)
        assert event is not None, found
        found.append(event.name)
    return found


def test_a_thread_sees_what_happens_until_the_socket_ends(context: zmq.Context) -> None:
    router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER, routing_id=b"D")
    with router.event_stream() as events:
        router.bind(ANYWHERE)
        dealer.connect(router.last_endpoint)
        assert names(events, "HANDSHAKE_SUCCEEDED") == [
            "LISTENING",
            "ACCEPTED",
            "HANDSHAKE_SUCCEEDED",
        ]
        # The dealer has read all that it was sent: its end is an orderly one.
        dealer.send(b"x")
        assert router.recv_multipart() == [b"D", b"x"]
        router.send_multipart([b"nobody", b"x"])
        dropped = events.receive(PATIENCE)
        assert dropped is not None
        assert (dropped.name, dropped.reason) == ("MESSAGE_DROPPED", "unknown-id")
        dealer.close()
        gone = events.receive(PATIENCE)
        assert gone is not None
        assert (gone.name, gone.routing_id) == ("DISCONNECTED", b"D")
        assert gone.reason in {"peer-closed", "connection-lost"}  # by what it has left unread
        router.close()
        assert [event.name for event in events] == ["CLOSED"]
        assert events.receive() is None
        assert list(events) == []


def test_addresses_and_descriptors_are_the_systems(context: zmq.Context) -> None:
    router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    with router.event_stream() as bound, dealer.event_stream() as dialed:
        endpoint = router.bind(ANYWHERE).addr
        dealer.connect(endpoint)
        names(bound, "LISTENING")
        accepted, connected = bound.receive(PATIENCE), None
        while connected is None or connected.name != "CONNECTED":
            connected = dialed.receive(PATIENCE)
        assert accepted is not None
        assert accepted.endpoint == accepted.local == connected.remote == endpoint
        assert accepted.remote == connected.local
        assert accepted.value > 2
        assert connected.value > 2


def test_waiting_for_an_event_ends_in_time(context: zmq.Context) -> None:
    router = context.socket(zmq.ROUTER)
    with router.event_stream() as events:
        with pytest.raises(zmq.Again):
            events.receive(20)
        with pytest.raises(zmq.Again):
            events.receive(0)


@pytest.mark.parametrize("end", ["socket", "stream", "context"])
def test_a_waiting_thread_sees_the_end(context: zmq.Context, end: str) -> None:
    router = context.socket(zmq.ROUTER)
    events = router.event_stream()
    ended = threading.Event()

    def watch() -> None:
        assert list(events) == []
        ended.set()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        assert not ended.wait(0.05)
        {"socket": router.close, "stream": events.close, "context": context.destroy}[end]()
        assert ended.wait(PATIENCE / 1000)
    finally:
        events.close()
        thread.join()


def test_a_waiting_thread_keeps_the_context_going(context: zmq.Context) -> None:
    """Who waits for events runs the reactor, as any other waiting thread does."""
    router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    with dealer.event_stream() as events:
        router.bind(ANYWHERE)
        dealer.connect(router.last_endpoint)
        threads = [
            threading.Thread(target=names, args=(events, "HANDSHAKE_SUCCEEDED")),
            threading.Thread(target=router.recv_multipart),
        ]
        for thread in threads:
            thread.start()
        dealer.send(b"hello")
        for thread in threads:
            thread.join(PATIENCE / 1000)
            assert not thread.is_alive()


def test_streams_are_bounded_and_need_an_open_socket(context: zmq.Context) -> None:
    router = context.socket(zmq.ROUTER)
    with pytest.raises(ValueError, match="limit=0"):
        router.event_stream(limit=0)
    with router.event_stream(limit=2) as events:
        for _ in range(5):
            router.send_multipart([b"nobody", b"x"])
        assert events.missed == 3
        found = [events.receive(0), events.receive(0)]
        assert [event.value for event in found if event is not None] == [1, 2]
    router.close()
    with pytest.raises(zmq.ZMQError):
        router.event_stream()


def test_a_task_sees_what_happens_until_the_socket_ends(async_context: azmq.Context) -> None:
    async def run() -> None:
        router = async_context.socket(zmq.ROUTER)
        dealer = async_context.socket(zmq.DEALER, routing_id=b"D")
        async with router.event_stream() as events:
            router.bind(ANYWHERE)
            dealer.connect(router.last_endpoint)
            assert await async_names(events, "HANDSHAKE_SUCCEEDED") == [
                "LISTENING",
                "ACCEPTED",
                "HANDSHAKE_SUCCEEDED",
            ]
            with pytest.raises(zmq.Again):
                await events.receive(10)
            dealer.close()
            gone = await events.receive(PATIENCE)
            assert gone is not None
            assert (gone.name, gone.routing_id) == ("DISCONNECTED", b"D")
            asyncio.get_running_loop().call_later(0.01, router.close)
            assert [event.name async for event in events] == ["CLOSED"]
            assert await events.receive() is None

    asyncio.run(run())


@pytest.mark.parametrize("end", ["socket", "stream", "context", "cancel"])
def test_a_waiting_task_sees_the_end(async_context: azmq.Context, end: str) -> None:
    async def run() -> None:
        router = async_context.socket(zmq.ROUTER)
        events = router.event_stream()
        waiting = asyncio.ensure_future(events.receive())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        actions: dict[str, Callable[[], object]] = {
            "socket": router.close,
            "stream": events.close,
            "context": async_context.destroy,
            "cancel": waiting.cancel,
        }
        actions[end]()
        if end == "cancel":
            with pytest.raises(asyncio.CancelledError):
                await waiting
            router.bind(ANYWHERE)
            event = await events.receive(PATIENCE)
            assert event is not None
            assert event.name == "LISTENING"
        else:
            assert await asyncio.wait_for(waiting, PATIENCE / 1000) is None
        events.close()

    asyncio.run(run())
