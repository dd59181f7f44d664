"""Joins the broker's state to its two ROUTERs; one pump() moves what can be moved now."""

from typing import Final

from antiphon.broker.state import CLIENT_GONE, BrokerState
from antiphon.engine.socket import SocketCore
from antiphon.instrument import Instrument
from antiphon.native import mypyc_attr
from antiphon.patterns.reqrep import ROUTED, UNKNOWN_ID, Router

__all__ = ("Relay", "Trace")

#: Messages moved in one pump, so that a flood from one side starves nobody.
_BATCH: Final = 1024


@mypyc_attr(allow_interpreted_subclasses=True)
class Trace:
    """Sees the frames of messages at each hop; override hop()."""

    def hop(self, name: str, frames: list[bytes]) -> None:
        """Be told of a message at ``frontend in``, ``backend out`` and so on; do not keep it."""


class _WorkerEvents(Instrument):
    def __init__(self, relay: "Relay") -> None:
        self.relay = relay

    def peer_disconnected(self, endpoint: str, routing_id: bytes, reason: str) -> None:
        self.relay.state.worker_gone(routing_id)


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
        frontend.add_instrument(_ClientEvents(self))
        backend.add_instrument(_WorkerEvents(self))

    def clients(self) -> int:
        """Return how many clients are connected."""
        return len(self._frontend.peers)

    def pump(self) -> bool:
        """Move what can be moved; returns whether more waits already."""
        moved = self._pump_backend()
        moved += self._pump_frontend()
        return moved >= _BATCH

    def _pump_backend(self) -> int:
        # The backend is always read (L9): what comes from workers is an answer or a READY.
        backend = self._backend
        state = self.state
        count = 0
        while count < _BATCH:
            frames = backend.try_recv()
            if frames is None:
                break
            count += 1
            if self.trace is not None:
                self.trace.hop("backend in", frames)
            reply = state.on_worker(frames)
            if reply is not None:
                self._answer(state.client, reply)
        return count

    def _answer(self, client: bytes, reply: list[bytes]) -> None:
        if self.trace is not None:
            self.trace.hop("frontend out", [client, *reply])
        status = self._frontend.route(client, reply)
        if status == UNKNOWN_ID:
            self.state.drop(CLIENT_GONE)
        elif status != ROUTED:
            self.state.drop(status)

    def _pump_frontend(self) -> int:
        frontend = self._frontend
        state = self.state
        while True:
            task = state.dispatch()
            if task is None:
                break
            self._assign(task)
        count = 0
        while count < _BATCH and state.wants_clients():
            frames = frontend.try_recv()
            if frames is None:
                break
            count += 1
            if self.trace is not None:
                self.trace.hop("frontend in", frames)
            task = state.on_client(frames)
            if task is not None:
                self._assign(task)
        return count

    def _assign(self, task: list[bytes]) -> None:
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
