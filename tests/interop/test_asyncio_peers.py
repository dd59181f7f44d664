"""The asyncio front beside zmq.asyncio, on one loop: every legal pair, from both ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
import zmq as libzmq
import zmq.asyncio as libzmq_asyncio

import antiphon.zmq.asyncio as subject

Socket = Any  # of either stack
PAIRS = [("REQ", "REP"), ("REQ", "ROUTER"), ("DEALER", "REP"), ("DEALER", "ROUTER")]
REQUESTS = 50
BODIES = [b"", b"x", bytes(255), bytes(256), bytes(100_000)]


async def ask(socket: Socket, kind: str) -> None:
    """Send requests of many sizes, one after the other, and check the answers."""
    for number in range(REQUESTS):
        body = BODIES[number % len(BODIES)]
        await socket.send_multipart([b"", body, b"end"] if kind == "DEALER" else [body, b"end"])
        assert (await socket.recv_multipart())[-2:] == [body, b"re end"]


async def answer(socket: Socket) -> None:
    for _ in range(REQUESTS):
        *frames, last = await socket.recv_multipart()
        await socket.send_multipart([*frames, b"re " + last])


async def converse(asker: Socket, server: Socket, kind: str, asker_binds: bool) -> None:
    binder, comer = (asker, server) if asker_binds else (server, asker)
    binder.bind("tcp://127.0.0.1:*")
    comer.connect(binder.getsockopt(libzmq.LAST_ENDPOINT).decode().rstrip("\0"))
    # A ROUTER that connects hears of its peer with the first message: the asker begins anyway.
    await asyncio.gather(ask(asker, kind), answer(server))


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("asker_binds", [False, True], ids=["server-binds", "asker-binds"])
@pytest.mark.parametrize("subject_asks", [False, True], ids=["serves", "asks"])
@pytest.mark.parametrize(("asking", "serving"), PAIRS)
def test_each_pair_from_both_ends(
    asking: str,
    serving: str,
    subject_asks: bool,
    asker_binds: bool,
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def talk() -> None:
        ours, theirs = subject.Context(), libzmq_asyncio.Context()
        try:
            first, second = (ours, theirs) if subject_asks else (theirs, ours)
            asker: Socket = first.socket(getattr(libzmq, asking))
            server: Socket = second.socket(getattr(libzmq, serving))
            conversation: Coroutine[Any, Any, None] = converse(asker, server, asking, asker_binds)
            await asyncio.wait_for(conversation, 20)
        finally:
            ours.destroy(0)
            theirs.destroy(0)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(talk())
