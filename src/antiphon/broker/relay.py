"""Joins the broker's state to its two ROUTERs: each message goes on as soon as it has come."""

from typing import Final

from antiphon.broker.dialect import envelope_of, frames_of, is_ready, open_envelope, wrap
from antiphon.broker.state import CLIENT_GONE, BrokerState, Request, Worker
from antiphon.engine.socket import SocketCore
from antiphon.instrument import Instrument
from antiphon.native import mypyc_attr
from antiphon.patterns.base import Consumer
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.reqrep import ROUTED, UNKNOWN_ID, Router

__all__ = ("Relay", "Trace")

#: Why a worker's message ended here.
_MALFORMED: Final = "malformed"
_LATE_REPLY: Final = "late-reply"


@mypyc_attr(allow_interpreted_subclasses=True)
class Trace:
    """Sees the frames of messages at each hop; override hop()."""

    def hop(self, name: str, frames: list[bytes]) -> None:
        """Be told of a message at ``frontend in``, ``backend out`` and so on; do not keep it."""


class _Workers(Consumer):
    """Takes what the workers send: answers and READY. The backend is always read (L9)."""

    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def consume(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        relay = self.relay
        for message in messages:
            relay.from_worker(pipe.routing_id, message)
        messages.clear()
        relay.feed()


class _Clients(Consumer):
    """Takes requests while they are wanted (L9); the others stay and are queued.

    Whenever requests are wanted none is queued: these go before nobody.
    """

    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def consume(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        wanted = self.relay.state.wanted()
        if wanted > 0:
            for message in messages[:wanted]:
                self.relay.request(pipe.routing_id, message)
            del messages[:wanted]


class _WorkerEvents(Instrument):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def peer_disconnected(self, endpoint: str, routing_id: bytes, reason: str) -> None:
        self.relay.state.worker_gone(routing_id)
        self.relay.feed()


class _ClientEvents(Instrument):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def peer_disconnected(self, endpoint: str, routing_id: bytes, reason: str) -> None:
        self.relay.state.client_gone(routing_id)


class Relay:
    """Moves messages between two ROUTER sockets as the state says."""

    def __init__(self, state: BrokerState, frontend: SocketCore, backend: SocketCore) -> None:
        self.state = state
        self.trace: Trace | None = None
        self._frontend = _router(frontend)
        self._backend = _router(backend)
        self._frontend.consumer = _Clients(self)
        self._backend.consumer = _Workers(self)
        frontend.add_instrument(_ClientEvents(self))
        backend.add_instrument(_WorkerEvents(self))

    def clients(self) -> int:
        """Return how many clients are connected."""
        return len(self._frontend.peers)

    def request(self, client: bytes, message: list[bytes]) -> None:
        """Take a client's request."""
        if self.trace is not None:
            self.show("frontend in", client, message)
        envelope = envelope_of(client)
        request = Request(client, envelope, wrap(envelope, message))
        worker = self.state.on_request(request)
        if worker is not None:
            self._assign(worker, request.task)

    def from_worker(self, routing_id: bytes, message: list[bytes]) -> None:
        """Take a worker's answer and give it to the client, or take its READY."""
        if self.trace is not None:
            self.show("backend in", routing_id, message)
        state = self.state
        worker = state.workers.get(routing_id)
        request = None if worker is None else worker.request
        reply = None if request is None else open_envelope(request.envelope, message)
        if worker is None or request is None or reply is None:
            self._on_other(routing_id, message, request)
            return
        state.on_reply(worker)
        if self.trace is not None:
            self.show("frontend out", request.client, reply)
        status = self._frontend.route(request.client, reply)
        if status != ROUTED:
            state.drop(CLIENT_GONE if status == UNKNOWN_ID else status)

    def _on_other(self, routing_id: bytes, message: list[bytes], request: Request | None) -> None:
        """Take what is no answer to a worker's request: READY, or something to be dropped."""
        if is_ready(message):
            self.state.on_ready(routing_id)
        else:
            self.state.drop(_LATE_REPLY if request is None else _MALFORMED)

    def feed(self) -> None:
        """Give idle workers what waits: first what lost its worker, then each client in turn."""
        state = self.state
        while state.waiting:
            worker = state.dispatch()
            if worker is None or worker.request is None:
                break
            self._assign(worker, worker.request.task)
        queue = self._frontend.fair_queue
        if queue.ready:
            for _ in range(state.wanted()):
                message = queue.take()
                client = queue.last
                if message is None or client is None:
                    return
                self.request(client.routing_id, message)

    def _assign(self, worker: Worker, task: list[bytes]) -> None:
        if self.trace is not None:
            self.show("backend out", worker.routing_id, task)
        if self._backend.route(worker.routing_id, task) != ROUTED:
            self.state.worker_gone(worker.routing_id)

    def show(self, hop: str, routing_id: bytes, message: list[bytes]) -> None:
        """Let the trace see a message's frames, with the routing id that the socket adds."""
        if self.trace is not None:
            self.trace.hop(hop, [routing_id, *frames_of(message)])


def _router(core: SocketCore) -> Router:
    core.forwarding = True
    pattern = core.pattern
    if not isinstance(pattern, Router):
        raise TypeError("a broker's sockets are ROUTERs")
    return pattern
