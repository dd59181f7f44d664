"""Bytes pass unchanged, both ways, and each connection is seen to begin and end."""

import asyncio
from pathlib import Path

import pytest

from antiphon.endpoint import parse_endpoint
from antiphon.errors import EndpointError
from antiphon.observe.proxy import Proxy, Watcher


class Notes(Watcher):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.bytes = {">": b"", "<": b""}
        self.ended = asyncio.Event()

    def opened(self, number: int, source: str) -> None:
        self.notes.append(f"opened {number}")

    def passed(self, number: int, arrow: str, data: bytes) -> None:
        self.bytes[arrow] += data

    def closed(self, number: int, why: str) -> None:
        self.notes.append(f"closed {number}: {why}")
        self.ended.set()


async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data.upper())
    writer.close()


def proxy(listen: str, connect: str, notes: Notes) -> Proxy:
    return Proxy(parse_endpoint(listen, bind=True), parse_endpoint(connect, bind=False), notes)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_bytes_pass_unchanged_in_both_directions(transport: str, tmp_path: Path) -> None:
    async def story() -> None:
        notes = Notes()
        if transport == "tcp":
            far = await asyncio.start_server(upper, "127.0.0.1", 0)
            port = far.sockets[0].getsockname()[1]
            spied = proxy("tcp://127.0.0.1:*", f"tcp://127.0.0.1:{port}", notes)
        else:
            far = await asyncio.start_unix_server(upper, tmp_path / "far")
            spied = proxy(f"ipc://{tmp_path}/near", f"ipc://{tmp_path}/far", notes)
        near, endpoint = await spied.start()
        if transport == "tcp":
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", int(endpoint.rpartition(":")[2])
            )
        else:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "near")
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.close()
        await asyncio.wait_for(notes.ended.wait(), 5)
        assert notes.bytes == {">": b"hello", "<": b"HELLO"}
        assert notes.notes == ["opened 1", "closed 1: "]
        near.close()
        far.close()

    asyncio.run(story())


def test_a_peer_that_is_not_there_is_named() -> None:
    async def story() -> None:
        notes = Notes()
        server = await asyncio.start_server(upper, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        near, endpoint = await proxy("tcp://127.0.0.1:*", f"tcp://127.0.0.1:{port}", notes).start()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(endpoint.rpartition(":")[2])
        )
        assert await reader.read() == b""
        await asyncio.wait_for(notes.ended.wait(), 5)
        assert f"tcp://127.0.0.1:{port} cannot be reached" in notes.notes[1]
        writer.close()
        near.close()

    asyncio.run(story())


def test_an_address_that_cannot_be_had() -> None:
    async def story() -> None:
        notes = Notes()
        server, endpoint = await proxy("tcp://127.0.0.1:*", "tcp://127.0.0.1:1", notes).start()
        with pytest.raises(EndpointError):
            await proxy(endpoint, "tcp://127.0.0.1:1", notes).start()
        server.close()

    asyncio.run(story())
