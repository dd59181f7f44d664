"""The events of a socket one by one, for threads and for asyncio, under the same names."""

from typing import TYPE_CHECKING, Self

from antiphon.engine.events import EventQueue
from antiphon.engine.socket import SocketCore
from antiphon.errors import ContextTerminated
from antiphon.hosts.threads import Host
from antiphon.instrument import SocketEvent

if TYPE_CHECKING:
    from antiphon.hosts.aio import AioHost

__all__ = ("AsyncEventStream", "EventStream")


class _BaseStream:
    """A queue of events that a host fills."""

    def __init__(self, host: "Host | AioHost", core: SocketCore, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit={limit}: a stream of events keeps at least one")
        self._core = core
        self._queue = EventQueue(limit)
        self._any_host = host
        host.call(lambda: core.add_instrument(self._queue))

    @property
    def missed(self) -> int:
        """How many events have come while ``limit`` of them waited; those are lost."""
        return self._queue.missed

    def close(self) -> None:
        """End the stream: whoever waits for it sees its end."""
        self._any_host.call(lambda: self._core.remove_instrument(self._queue))


class EventStream(_BaseStream):
    """What happens to a blocking socket; made by Socket.event_stream().

    It ends when the socket has: after close(), once its messages are away or given up.
    """

    def __init__(self, host: Host, core: SocketCore, limit: int) -> None:
        super().__init__(host, core, limit)
        self._host = host

    def receive(self, timeout: float | None = None) -> SocketEvent | None:
        """Return the next event, or None at the end of the stream.

        Raises Again after ``timeout`` milliseconds (None: never).
        """
        try:
            return self._host.next_event(self._queue, _milliseconds(timeout))
        except ContextTerminated:
            return None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SocketEvent:
        event = self.receive()
        if event is None:
            raise StopIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class AsyncEventStream(_BaseStream):
    """What happens to an asyncio socket; made by Socket.event_stream().

    It ends when the socket has: after close(), once its messages are away or given up.
    """

    def __init__(self, host: "AioHost", core: SocketCore, limit: int) -> None:
        super().__init__(host, core, limit)
        self._host = host

    async def receive(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 (milliseconds, as everywhere)
    ) -> SocketEvent | None:
        """Return the next event, or None at the end of the stream.

        Raises Again after ``timeout`` milliseconds (None: never). Cancelling loses no event.
        """
        return await self._host.next_event(self._queue, _milliseconds(timeout))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SocketEvent:
        event = await self.receive()
        if event is None:
            raise StopAsyncIteration
        return event

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self.close()


def _milliseconds(timeout: float | None) -> int:
    return -1 if timeout is None else int(timeout)
