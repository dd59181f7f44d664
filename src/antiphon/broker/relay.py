"""Joins the broker's state to its two ROUTERs: each message goes on as soon as it has come."""

from antiphon.broker.state import CLIENT_GONE, BrokerState
from antiphon.engine.socket import SocketCore
from antiphon.instrument import Instrument
from antiphon.native import mypyc_attr
from antiphon.patterns.base import Consumer
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.reqrep import ROUTED, UNKNOWN_ID, Router

__all__ = ("Relay", "Trace")


@mypyc_attr(allow_interpreted_subclasses=True)
class Trace:
    """Sees the frames of messages at each hop; override hop()."""

    def hop(self, name: str, frames: list[bytes]) -> None:
        """Be told of a message at ``frontend in``, ``backend out`` and so on; do not keep it."""


class _Workers(Consumer):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def consume(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        self.relay.from_worker(pipe.routing_id, messages)


class _WorkerEvents(Instrument):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def peer_disconnected(self, endpoint: str, routing_id: bytes, reason: str) -> None:
        self.relay.worker_gone(routing_id)


class _Clients(Consumer):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def consume(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        self.relay.from_client(pipe.routing_id, messages)


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

    def from_worker(self, worker: bytes, messages: list[list[bytes]]) -> None:
        """Take all that a worker sent: answers and READY (L9: the backend is always read)."""
        state = self.state
        for frames in messages:
            if self.trace is not None:
                self.trace.hop("backend in", [worker, *frames])
            reply = state.on_worker(worker, frames)
            if reply is None:
                continue
            if self.trace is not None:
                self.trace.hop("frontend out", [state.client, *reply])
            status = self._frontend.route(state.client, reply)
            if status != ROUTED:
                state.drop(CLIENT_GONE if status == UNKNOWN_ID else status)
        messages.clear()
        self._feed()

    def from_client(self, client: bytes, messages: list[list[bytes]]) -> None:
        """Take requests while they are wanted (L9); the others stay and are queued.

        Whenever requests are wanted none is queued: this one goes before nobody.
        """
        wanted = self.state.wanted()
        if wanted > 0:
            for frames in messages[:wanted]:
                self._request(client, frames)
            del messages[:wanted]

    def worker_gone(self, worker: bytes) -> None:
        """Give the request of a worker that has gone to another one."""
        self.state.worker_gone(worker)
        self._feed()

    def _feed(self) -> None:
        """Give idle workers what waits: first what lost its worker, then each client in turn."""
        state = self.state
        while state.idle and state.waiting:
            self._assign(state.dispatch())
        queue = self._frontend.fair_queue
        for _ in range(state.wanted()):
            frames = queue.take()
            client = queue.last
            if frames is None or client is None:
                return
            self._request(client.routing_id, frames)

    def _request(self, client: bytes, frames: list[bytes]) -> None:
        if self.trace is not None:
            self.trace.hop("frontend in", [client, *frames])
        self._assign(self.state.on_client(client, frames))

    def _assign(self, task: list[bytes] | None) -> None:
        if task is None:
            return
        worker = self.state.worker
        if self.trace is not None:
            self.trace.hop("backend out", [worker, *task])
        if self._backend.route(worker, task) != ROUTED:
            self.state.worker_gone(worker)


def _router(core: SocketCore) -> Router:
    pattern = core.pattern
    if not isinstance(pattern, Router):
        raise TypeError("a broker's sockets are ROUTERs")
    return pattern
