"""Passes bytes between two peers, unchanged, and shows them to a watcher."""

import asyncio
import contextlib

from antiphon.endpoint import Endpoint
from antiphon.errors import EndpointError

__all__ = ("Proxy", "Watcher")

#: How much is read at once, and may wait for a slow peer, in bytes.
_CHUNK = 65536


class Watcher:
    """Who wants to see what goes by; override what is of interest."""

    def opened(self, number: int, source: str) -> None:
        """Be told that a peer has connected."""

    def passed(self, number: int, arrow: str, data: bytes) -> None:
        """Be told of bytes: ``">"`` from who connected, ``"<"`` to it."""

    def closed(self, number: int, why: str) -> None:
        """Be told that a connection has ended; ``why`` is empty if a peer closed it."""


class Proxy:
    """Listens at one endpoint and connects to another for each peer that comes."""

    def __init__(self, listen: Endpoint, connect: Endpoint, watcher: Watcher) -> None:
        self._listen = listen
        self._connect = connect
        self._watcher = watcher
        self._count = 0

    async def start(self) -> tuple[asyncio.Server, str]:
        """Listen; returns the server and the endpoint. Raises EndpointError."""
        endpoint = self._listen
        try:
            if endpoint.scheme == "ipc":
                path = _path(endpoint)
                server = await asyncio.start_unix_server(self._accept, path, limit=_CHUNK)
                return server, endpoint.text
            host = None if endpoint.host == "*" else endpoint.host
            server = await asyncio.start_server(self._accept, host, endpoint.port, limit=_CHUNK)
        except OSError as error:
            raise EndpointError(error.errno or 0, endpoint.text, _words(error)) from None
        port = server.sockets[0].getsockname()[1]
        return server, f"tcp://{endpoint.host}:{port}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        number = self._count
        self._watcher.opened(number, _name(writer))
        why = ""
        try:
            far_reader, far_writer = await self._dial()
        except OSError as error:
            why = f"{self._connect.text} cannot be reached: {_words(error)}"
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(number, ">", reader, far_writer))
                group.create_task(self._pass(number, "<", far_reader, writer))
        finally:
            writer.close()
            self._watcher.closed(number, why)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        endpoint = self._connect
        if endpoint.scheme == "ipc":
            return await asyncio.open_unix_connection(_path(endpoint), limit=_CHUNK)
        return await asyncio.open_connection(endpoint.host, endpoint.port, limit=_CHUNK)

    async def _pass(
        self,
        number: int,
        arrow: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Pass one direction on until it ends, then end it at the far side, too."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                self._watcher.passed(number, arrow, data)
                writer.write(data)
                await writer.drain()
        writer.close()


def _path(endpoint: Endpoint) -> str:
    path = endpoint.path
    return "\0" + path[1:] if path.startswith("@") else path


def _name(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "a local process"


def _words(error: OSError) -> str:
    return error.strerror or str(error)
