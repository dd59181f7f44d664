"""Sending and receiving of the blocking socket: what it does for every message. Compiled."""

from collections.abc import Sequence
from typing import Literal, overload

from antiphon.engine.socket import SocketCore
from antiphon.errors import Again
from antiphon.hosts.contract import BlockingHost
from antiphon.native import mypyc_attr
from antiphon.zmq.frame import Frame, MessageTracker, tracker_of
from antiphon.zmq.messages import Messages

__all__ = ("Blocking",)


@mypyc_attr(allow_interpreted_subclasses=True)
class Blocking:
    """The part of a blocking socket that sends and receives."""

    _core: SocketCore
    _host: BlockingHost
    _messages: Messages

    # Flags are objects: what programs pass for True may be 1, and compiled code is strict.

    def send(
        self,
        data: object,
        flags: int = 0,
        copy: object = True,
        track: object = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker | None:
        """Send a frame; with SNDMORE in ``flags`` it is kept for the frames that follow.

        After Again the frames kept so far stay: send the last one again. After any other error
        the message has failed as a whole, and its frames are forgotten.

        Bytes are held, never copied, and other buffers are copied at once: the tracker that is
        returned without ``copy``, or for a frame that has one, is done. Raises ValueError for a
        frame to ``track`` that was made without.
        """
        tracker = None
        if not copy or type(data) is not bytes:
            tracker = self._messages.made(tracker_of, [data], bool(copy), bool(track))
        parts = self._messages.assemble(data, flags, routing_id, group)
        if parts is not None:
            _send(self._host, self._core, self._messages, parts, flags)
        return tracker

    def send_multipart(
        self,
        msg_parts: Sequence[object],
        flags: int = 0,
        copy: object = True,
        track: object = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker | None:
        """Send a message of several frames, whole or not at all. Raises TypeError before that."""
        tracker = None
        if track or not copy:
            tracker = self._messages.made(tracker_of, msg_parts, bool(copy), bool(track))
        parts = self._messages.assemble_all(msg_parts, flags, routing_id, group)
        if parts is not None:
            _send(self._host, self._core, self._messages, parts, flags)
        return tracker

    @overload
    def recv(self, flags: int = 0, copy: Literal[True] = True, track: bool = False) -> bytes: ...

    @overload
    def recv(self, flags: int = 0, *, copy: Literal[False], track: bool = False) -> Frame: ...

    @overload
    def recv(self, flags: int, copy: Literal[False], track: bool = False) -> Frame: ...

    @overload
    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> bytes | Frame: ...

    def recv(self, flags: int = 0, copy: object = True, track: object = False) -> bytes | Frame:
        """Receive a frame; RCVMORE then tells whether the message has more.

        Without ``copy`` it is a Frame, with what is known of the sender; ``track`` gives it a
        tracker. Where several threads receive from a socket, let them receive whole messages.
        """
        if not copy:
            return self._recv_frame(flags, bool(track))
        incoming = self._messages.incoming
        if incoming:
            return incoming.pop()
        parts = self._host.recv(self._core, self._messages.receive_timeout(flags))
        return self._messages.first(parts)

    def _recv_frame(self, flags: int, track: bool) -> Frame:
        if self._messages.incoming:
            return self._messages.next_frame(track)
        parts, sender = self._host.recv_from(self._core, self._messages.receive_timeout(flags))
        return self._messages.first_frame(parts, sender, track)

    @overload
    def recv_multipart(
        self, flags: int = 0, copy: Literal[True] = True, track: bool = False
    ) -> list[bytes]: ...

    @overload
    def recv_multipart(
        self, flags: int = 0, *, copy: Literal[False], track: bool = False
    ) -> list[Frame]: ...

    @overload
    def recv_multipart(
        self, flags: int, copy: Literal[False], track: bool = False
    ) -> list[Frame]: ...

    @overload
    def recv_multipart(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> list[bytes] | list[Frame]: ...

    def recv_multipart(
        self, flags: int = 0, copy: object = True, track: object = False
    ) -> list[bytes] | list[Frame]:
        """Receive a message; what recv() has left of one comes first.

        Without ``copy`` it is a list of Frames.
        """
        if not copy:
            return self._recv_frames(flags, bool(track))
        if self._messages.incoming:
            return self._messages.rest()
        parts = self._host.recv(self._core, self._messages.receive_timeout(flags))
        return self._messages.all(parts)

    def _recv_frames(self, flags: int, track: bool) -> list[Frame]:
        if self._messages.incoming:
            return self._messages.rest_frames(track)
        parts, sender = self._host.recv_from(self._core, self._messages.receive_timeout(flags))
        return self._messages.all_frames(parts, sender, track)


# A function, as methods of a class that programs may subclass are looked up by name.
def _send(
    host: BlockingHost, core: SocketCore, messages: Messages, parts: list[bytes], flags: int
) -> None:
    try:
        host.send(core, parts, messages.send_timeout(flags))
    except Again:
        raise
    except BaseException:
        messages.forget()
        raise
    messages.forget()
