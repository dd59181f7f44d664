"""Sending and receiving of the asyncio socket: what it does for every message. Compiled."""

from collections.abc import Coroutine, Sequence
from typing import Any, Literal, overload

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.contract import AwaitingHost
from antiphon.hosts.tasks import Turns
from antiphon.native import mypyc_attr
from antiphon.zmq.frame import Frame, MessageTracker, tracker_of
from antiphon.zmq.messages import Messages

__all__ = ("Awaiting",)


@mypyc_attr(allow_interpreted_subclasses=True)
class Awaiting:
    """The part of an asyncio socket that sends and receives."""

    _core: SocketCore
    _host: AwaitingHost
    _messages: Messages
    #: Who receives frame by frame.
    _turns: Turns

    # Flags are objects: what programs pass for True may be 1, and compiled code is strict.

    def send(
        self,
        data: object,
        flags: int = 0,
        copy: object = True,
        track: object = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Coroutine[Any, Any, MessageTracker | None]:
        """Send a frame; with SNDMORE in ``flags`` it is kept for the frames that follow.

        After Again the frames kept so far stay: send the last one again. After any other error, or
        when the task is cancelled, the message has failed as a whole, and its frames are forgotten.

        Bytes are held, never copied, and other buffers are copied at once: the tracker that is
        returned without ``copy``, or for a frame that has one, is done. Raises ValueError for a
        frame to ``track`` that was made without.
        """
        tracker = None
        if not copy or type(data) is not bytes:
            tracker = self._messages.made(tracker_of, [data], bool(copy), bool(track))
        parts = self._messages.assemble(data, flags, routing_id, group)
        sending = _send(self._host, self._core, self._messages, parts, flags)
        return sending if tracker is None else _tracked(sending, tracker)

    def send_multipart(
        self,
        msg_parts: Sequence[object],
        flags: int = 0,
        copy: object = True,
        track: object = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> Coroutine[Any, Any, MessageTracker | None]:
        """Send a message of several frames, whole or not at all. Raises TypeError before that."""
        tracker = None
        if track or not copy:
            tracker = self._messages.made(tracker_of, msg_parts, bool(copy), bool(track))
        parts = self._messages.assemble_all(msg_parts, flags, routing_id, group)
        sending = _send(self._host, self._core, self._messages, parts, flags)
        return sending if tracker is None else _tracked(sending, tracker)

    @overload
    def recv(
        self, flags: int = 0, copy: Literal[True] = True, track: bool = False
    ) -> Coroutine[Any, Any, bytes]: ...

    @overload
    def recv(
        self, flags: int = 0, *, copy: Literal[False], track: bool = False
    ) -> Coroutine[Any, Any, Frame]: ...

    @overload
    def recv(
        self, flags: int, copy: Literal[False], track: bool = False
    ) -> Coroutine[Any, Any, Frame]: ...

    @overload
    def recv(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Coroutine[Any, Any, Any]: ...

    def recv(
        self, flags: int = 0, copy: object = True, track: object = False
    ) -> Coroutine[Any, Any, Any]:
        """Receive a frame; RCVMORE then tells whether the message has more.

        Without ``copy`` it is a Frame, with what is known of the sender; ``track`` gives it a
        tracker. Tasks that wait for the same socket get the frames in turn.
        """
        messages, turns = self._messages, self._turns
        return _recv(self._host, self._core, messages, turns, flags, bool(copy), bool(track))

    @overload
    def recv_multipart(
        self, flags: int = 0, copy: Literal[True] = True, track: bool = False
    ) -> Coroutine[Any, Any, list[bytes]]: ...

    @overload
    def recv_multipart(
        self, flags: int = 0, *, copy: Literal[False], track: bool = False
    ) -> Coroutine[Any, Any, list[Frame]]: ...

    @overload
    def recv_multipart(
        self, flags: int, copy: Literal[False], track: bool = False
    ) -> Coroutine[Any, Any, list[Frame]]: ...

    @overload
    def recv_multipart(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Coroutine[Any, Any, list[Any]]: ...

    def recv_multipart(
        self, flags: int = 0, copy: object = True, track: object = False
    ) -> Coroutine[Any, Any, list[Any]]:
        """Receive a message; what recv() has left of one comes first.

        Without ``copy`` it is a list of Frames.
        """
        if not copy:
            return _recv_frames(self._host, self._core, self._messages, flags, bool(track))
        if self._messages.incoming:
            return _take_rest(self._messages)
        timeout_ms = self._messages.receive_timeout(flags)
        if self._messages.addressing is not None:
            return _recv_single(self._host, self._core, timeout_ms)
        return self._host.recv(self._core, timeout_ms)


# Functions, as methods of a class that programs may subclass are looked up by name, and those that
# are coroutines lose their signatures. One coroutine per call, not one per layer: that is what a
# message costs here.


def _send(
    host: AwaitingHost,
    core: SocketCore,
    messages: Messages,
    parts: list[bytes] | None,
    flags: int,
) -> Coroutine[Any, Any, None]:
    if parts is None:
        return _nothing()
    if messages.outgoing:
        return _send_rest(host, core, messages, parts, flags)
    return host.send(core, parts, messages.send_timeout(flags))


async def _send_rest(
    host: AwaitingHost, core: SocketCore, messages: Messages, parts: list[bytes], flags: int
) -> None:
    try:
        await host.send(core, parts, messages.send_timeout(flags))
    except Again:
        raise
    except BaseException:
        messages.forget()
        raise
    messages.forget()


async def _tracked(sending: Coroutine[Any, Any, Any], tracker: MessageTracker) -> MessageTracker:
    await sending
    return tracker


async def _nothing() -> None:
    """Complete at once: a frame has been kept for the message it belongs to."""


async def _recv(
    host: AwaitingHost,
    core: SocketCore,
    messages: Messages,
    turns: Turns,
    flags: int,
    copy: bool,
    track: bool,
) -> bytes | Frame:
    incoming = messages.incoming
    if incoming:
        return incoming.pop() if copy else messages.next_frame(track)
    timeout_ms = messages.receive_timeout(flags)
    if turns.taken:
        timeout_ms = await turns.take(timeout_ms)
    turns.taken = True
    try:
        if incoming:
            return incoming.pop() if copy else messages.next_frame(track)
        if copy:
            return messages.first(await host.recv(core, timeout_ms))
        parts, sender = await host.recv_from(core, timeout_ms)
        return messages.first_frame(parts, sender, track)
    finally:
        turns.give()


async def _recv_single(host: AwaitingHost, core: SocketCore, timeout_ms: int) -> list[bytes]:
    return (await host.recv(core, timeout_ms))[-1:]


async def _take_rest(messages: Messages) -> list[bytes]:
    return messages.rest()


async def _recv_frames(
    host: AwaitingHost, core: SocketCore, messages: Messages, flags: int, track: bool
) -> list[Frame]:
    if messages.incoming:
        return messages.rest_frames(track)
    parts, sender = await host.recv_from(core, messages.receive_timeout(flags))
    return messages.all_frames(parts, sender, track)
