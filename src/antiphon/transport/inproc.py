"""inproc: two pipes end to end, messages passed as they are.

Connecting before binding works; the pair of types is checked as on the wire (K7). A connection
whose binder goes waits for the next one of that name.
"""

from antiphon.engine.events import DISCONNECTED, HANDSHAKE_SUCCEEDED
from antiphon.engine.exchange import Attachment, Exchange
from antiphon.engine.socket import SocketCore
from antiphon.engine.zap import ZAP_ENDPOINT
from antiphon.errors import EADDRINUSE, ENOCOMPATPROTO, EndpointError
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe, PipeEnd, make_pipe, message_size
from antiphon.queue import MessageQueue
from antiphon.wire.pairs import illegal_pair_reason

__all__ = ("InprocExchange",)


class _End(PipeEnd):
    """The far end of one of two joined pipes: moves its messages into the other."""

    def __init__(self, near: Pipe, near_core: SocketCore, far: Pipe, far_core: SocketCore) -> None:
        self.near = near
        self.near_core = near_core
        self.far = far
        self.far_core = far_core
        self.connected: _Connected | None = None

    def outbound_ready(self) -> None:
        self.move()

    def inbound_room(self) -> None:
        far_end = self.far.end
        if isinstance(far_end, _End):
            far_end.move()

    def close_peer(self, reason: str) -> None:
        connected = self.connected
        if connected is not None:
            self.near_core.figures.failed(reason)
            connected.part(reason)

    def move(self) -> None:
        near = self.near
        far = self.far
        while near.outbound and near.end is self and self._move_some():
            pass
        if near.outbound:
            far.stop_inbound()
        else:
            far.paused = False
        if near.unblocked():
            self.near_core.pattern.writable(near)
        connected = self.connected
        if connected is not None and not near.outbound:
            connected.drained()

    def _move_some(self) -> bool:
        near = self.near
        far = self.far
        batch = MessageQueue()
        room = far.room()
        for parts in near.outbound:
            if len(batch) >= room or far.inbound_bytes >= far.weigh_at:
                break
            # The receiver may change the list, which other subscribers may have as well.
            batch.put(parts.copy() if len(parts) > 1 else parts)
            far.inbound_bytes += message_size(parts)
        count = len(batch)
        if count > 0:
            near.outbound_taken(count)
            self.far_core.pattern.deliver(far, batch)
        return count > 0


class _Bound(Attachment):
    """A name that a socket has bound."""

    def __init__(self, exchange: "InprocExchange", endpoint: str, core: SocketCore) -> None:
        super().__init__(endpoint, True)
        self.exchange = exchange
        self.core = core
        self.joined: list[_Connected] = []

    def pipes(self) -> list[Pipe]:
        return [connected.far for connected in self.joined]

    def finish(self) -> None:
        self.finishing = True
        self.exchange.release(self)
        self.check_drained()

    def check_drained(self) -> None:
        if self.finishing and not any(c.far.outbound for c in self.joined):
            self.close()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self.exchange.release(self)
        for connected in list(self.joined):
            connected.part("closed")
            self.exchange.wait(connected)
        self.core.attachment_closed(self)


class _Connected(Attachment):
    """A socket's connection to a name, joined to its binder or waiting for one."""

    def __init__(
        self, exchange: "InprocExchange", endpoint: str, core: SocketCore, options: SocketOptions
    ) -> None:
        super().__init__(endpoint, False)
        self.exchange = exchange
        self.core = core
        self.options = options
        self.pipe = make_pipe(options)
        self.pipe.endpoint = endpoint
        self.pipe.routing_id = options.connect_routing_id
        self.named = bool(options.connect_routing_id)
        self.far = self.pipe
        self.binder: _Bound | None = None
        if not options.immediate and (self.named or not core.pattern.awaits_ids):
            core.pattern.attach(self.pipe)

    def pipes(self) -> list[Pipe]:
        return [self.pipe]

    def join(self, bound: _Bound) -> None:
        """Put the two pipes end to end."""
        far = make_pipe(bound.core.options)
        far.endpoint = self.endpoint
        far.peer_type = self.core.type_name
        far.routing_id = self.options.routing_id if bound.core.pattern.awaits_ids else b""
        refusal = bound.core.pattern.attach(far)
        if refusal:
            bound.core.inproc_refused(
                self.endpoint, True, refusal, "the socket has refused this peer"
            )
            self.exchange.wait(self)
            return
        self.binder = bound
        self.far = far
        bound.joined.append(self)
        self.pipe.peer_type = bound.core.type_name
        if not self.pipe.attached:
            if not self.named and self.core.pattern.awaits_ids:
                self.pipe.routing_id = bound.core.options.routing_id
            refusal = self.core.pattern.attach(self.pipe)
            if refusal:
                self.core.inproc_refused(self.endpoint, False, refusal, "the id is in use")
                self.part(refusal)
                self.exchange.wait(self)
                return
        self._announce(bound)
        # Nothing moves before both know of each other.
        near_end = _End(self.pipe, self.core, far, bound.core)
        far_end = _End(far, bound.core, self.pipe, self.core)
        near_end.connected = self
        far_end.connected = self
        self.pipe.end = near_end
        far.end = far_end
        near_end.move()
        far_end.move()

    def _announce(self, bound: _Bound) -> None:
        for core, pipe in ((self.core, self.pipe), (bound.core, self.far)):
            core.greet(pipe)
            self._tell(HANDSHAKE_SUCCEEDED, core, pipe, "")

    def _tell(self, number: int, core: SocketCore, pipe: Pipe, reason: str) -> None:
        bound = pipe is not self.pipe
        local, remote = (self.endpoint, "") if bound else ("", self.endpoint)
        core.events.tell(number, bound, local, remote, 0, reason, "", pipe.routing_id)

    def part(self, reason: str) -> None:
        """Take the two pipes apart; the binder's is destroyed (R28.24).

        What it has been given before an orderly end may still be received.
        """
        bound = self.binder
        if bound is None:
            return
        self.binder = None
        far = self.far
        self.far = self.pipe
        bound.joined.remove(self)
        far.end = PipeEnd()
        self.pipe.end = PipeEnd()
        self.pipe.peer_type = b""
        if far.attached and far.inbound and reason == "closed" and not bound.closed:
            bound.core.pattern.part(far)
        elif far.attached:
            bound.core.pattern.detach(far)
        for core, pipe in ((self.core, self.pipe), (bound.core, far)):
            self._tell(DISCONNECTED, core, pipe, reason)
        bound.core.figures.tally(far)
        if self.pipe.attached:
            if self.options.immediate:
                self.core.pattern.detach(self.pipe)
            else:
                self.core.pattern.interrupted(self.pipe)
        bound.check_drained()
        if not bound.closed:
            self.exchange.retry(bound)

    def drained(self) -> None:
        """Note that a queue has become empty: a socket that is closing may wait for that."""
        if self.finishing and not self.pipe.outbound:
            self.close()
        bound = self.binder
        if bound is not None:
            bound.check_drained()

    def finish(self) -> None:
        self.finishing = True
        self.core.pattern.retire(self.pipe)
        if not self.pipe.outbound:
            self.close()

    def revoke(self) -> None:
        bound = self.binder
        if bound is not None and self.far.attached:
            bound.core.pattern.detach(self.far)
        self.close()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self.exchange.forget(self)
        self.part("closed")
        if self.pipe.attached:
            self.core.pattern.detach(self.pipe)
        else:
            self.core.pattern.drop_queues(self.pipe)
        self.core.attachment_closed(self)


class InprocExchange(Exchange):
    """The names of one context."""

    def __init__(self) -> None:
        super().__init__()
        self._bound: dict[str, _Bound] = {}
        self._waiting: list[_Connected] = []
        self._ended = False

    def end(self) -> None:
        """Close the connections that wait for a name, now and later: whatever their LINGER is."""
        self._ended = True
        for connected in list(self._waiting):
            connected.close()

    def bind(self, endpoint: str, core: SocketCore) -> Attachment:
        """Give a name to a socket, and join whoever waits for it."""
        if endpoint in self._bound:
            raise EndpointError(EADDRINUSE, endpoint, "another socket of this context has the name")
        bound = _Bound(self, endpoint, core)
        self._bound[endpoint] = bound
        if endpoint == ZAP_ENDPOINT:
            self.guarded = True
        for connected in [c for c in self._waiting if c.endpoint == endpoint]:
            self._meet(connected, bound)
        return bound

    def is_bound(self, endpoint: str) -> bool:
        """Tell whether a socket has the name."""
        return endpoint in self._bound

    def connect(self, endpoint: str, core: SocketCore, options: SocketOptions) -> Attachment:
        """Join the socket of that name, or wait for one."""
        bound = self._bound.get(endpoint)
        if bound is not None:
            why = illegal_pair_reason(core.type_name, bound.core.type_name)
            if why is not None:
                raise EndpointError(ENOCOMPATPROTO, endpoint, why)
        connected = _Connected(self, endpoint, core, options)
        if bound is not None:
            connected.join(bound)
        else:
            self._waiting.append(connected)
        return connected

    def _meet(self, connected: _Connected, bound: _Bound) -> None:
        if connected not in self._waiting:
            # Somebody who parted has made room for it before its turn came.
            return
        why = illegal_pair_reason(connected.core.type_name, bound.core.type_name)
        if why is not None:
            connected.core.inproc_refused(bound.endpoint, False, "illegal-pair", why)
            bound.core.inproc_refused(bound.endpoint, True, "illegal-pair", why)
            return
        self._waiting.remove(connected)
        connected.join(bound)

    def wait(self, connected: _Connected) -> None:
        """Let a connection wait for the next socket of its name."""
        if self._ended:
            connected.close()
        elif not connected.closed:
            self._waiting.append(connected)

    def retry(self, bound: _Bound) -> None:
        """Let those join that a socket had refused: the id that was in use may be free."""
        for connected in [c for c in self._waiting if c.endpoint == bound.endpoint]:
            if self._bound.get(bound.endpoint) is bound:
                self._meet(connected, bound)

    def forget(self, connected: _Connected) -> None:
        """Let a connection not wait any longer."""
        if connected in self._waiting:
            self._waiting.remove(connected)

    def release(self, bound: _Bound) -> None:
        """Free a name."""
        if self._bound.get(bound.endpoint) is bound:
            del self._bound[bound.endpoint]
