"""Joins the broker's state to its two ROUTERs: what comes in a pass goes on when it ends."""

import logging
from typing import Final

from antiphon.broker.dialect import frames_of, is_ready, read_reply, read_request
from antiphon.broker.state import CLIENT_GONE, BrokerState, Request, Worker
from antiphon.engine.network import Network, Receiver
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.router import ROUTED, UNKNOWN_ID, Router
from antiphon.queue import MessageQueue

__all__ = ("Relay", "Trace")

_LOG = logging.getLogger("antiphon.broker")

#: Why a worker's message ended here.
_MALFORMED: Final = "malformed"
_LATE_REPLY: Final = "late-reply"


@mypyc_attr(allow_interpreted_subclasses=True)
class Trace:
    """Sees the frames of messages at each hop; override hop()."""

    def hop(self, name: str, frames: list[bytes]) -> None:
        """Be told of a message at ``frontend in``, ``backend out`` and so on; do not keep it."""


class _Frontend(Router):
    """The clients' side: what they ask waits for a worker in their queues (L9)."""

    def __init__(self, relay: "Relay", options: SocketOptions, first_id: int) -> None:
        super().__init__(options, first_id)
        self.relay = relay
        # Workers come first: replies wait for those that follow, so that a busy broker writes to
        # a client once and not for each of them.
        self.patient = True

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        super().deliver(pipe, messages)
        self.relay.schedule()

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self.relay.state.client_gone(pipe.routing_id)


class _Backend(Router):
    """The workers' side: takes all that they send, answers and READY (L9)."""

    def __init__(self, relay: "Relay", options: SocketOptions, first_id: int) -> None:
        super().__init__(options, first_id)
        self.relay = relay

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        relay = self.relay
        for message in messages.drain():
            relay.from_worker(pipe.routing_id, message)
        relay.schedule()

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self.relay.state.worker_gone(pipe.routing_id)
        self.relay.schedule()


class Relay(Receiver):
    """Moves messages between two ROUTERs as the state says.

    ``options`` are those of both; ``first_id`` is where generated routing ids begin. A ``trace``
    sees each message, with the routing id that the socket adds.
    """

    def __init__(
        self,
        network: Network,
        state: BrokerState,
        options: SocketOptions,
        first_id: int,
        trace: Trace | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.state = state
        self.trace = trace
        self.frontend: Router = _Frontend(self, options.copy(), first_id)
        self.backend: Router = _Backend(self, options.copy(), first_id)
        self._scheduled = False

    def schedule(self) -> None:
        """Let idle workers be given what waits when all that has come now was looked at."""
        if not self._scheduled:
            self._scheduled = True
            self.network.dirty.append(self)

    def flush(self) -> None:
        """Give idle workers what waits: first what lost its worker, then each client in turn."""
        self._scheduled = False
        state = self.state
        while state.waiting:
            worker = state.dispatch()
            if worker is None:
                break
            self._give(worker)
        queue = self.frontend.fair_queue
        if len(queue) == 0:
            return
        for _ in range(state.wanted()):
            message = queue.take()
            if message is None:
                return
            client = queue.last
            if client is None:
                state.drop(CLIENT_GONE)
                continue
            if self.trace is not None:
                self.trace.hop("frontend in", [client.routing_id, *frames_of(message)])
            worker = state.on_request(read_request(client.routing_id, message))
            if worker is not None:
                self._give(worker)

    def closed(self, reason: str, detail: str) -> None:
        """Do nothing: what flush() has raised ends the broker."""

    def from_worker(self, routing_id: bytes, message: list[bytes]) -> None:
        """Take a worker's answer and give it to the client, or take its READY."""
        if self.trace is not None:
            self.trace.hop("backend in", [routing_id, *frames_of(message)])
        state = self.state
        worker = state.workers.get(routing_id)
        request = None if worker is None else worker.request
        reply = None if request is None else read_reply(request, message)
        if worker is None or request is None or reply is None:
            self._on_other(routing_id, message, request)
            return
        if self.trace is not None:
            self.trace.hop("frontend out", [request.client, *frames_of(reply)])
        state.on_reply(worker)
        status = self.frontend.route(request.client, reply)
        if status != ROUTED:
            state.drop(CLIENT_GONE if status == UNKNOWN_ID else status)

    def _on_other(self, routing_id: bytes, message: list[bytes], request: Request | None) -> None:
        """Take what is no answer to a worker's request: READY, or something to be dropped.

        A busy worker whose message cannot be understood will never answer: its request goes to
        another one, and it gets nothing more until it says READY again.
        """
        state = self.state
        if is_ready(message):
            state.on_ready(routing_id)
        elif request is None:
            self._complain(_LATE_REPLY, routing_id, "has nothing to answer, or has not said READY")
        else:
            self._complain(_MALFORMED, routing_id, "has answered without the envelope it was given")
            state.worker_gone(routing_id)

    def _complain(self, reason: str, worker: bytes, what: str) -> None:
        """Count a worker's message that ends here, and log the first of each kind."""
        if reason not in self.state.dropped:
            _LOG.warning(
                "worker %s %s: dropped, as %s; not logged again", worker.hex(), what, reason
            )
        self.state.drop(reason)

    def _give(self, worker: Worker) -> None:
        """Route a request to the worker that works on it from now on."""
        request = worker.request
        if request is None:
            return
        if self.trace is not None:
            self.trace.hop("backend out", [worker.routing_id, *frames_of(request.task)])
        if self.backend.route(worker.routing_id, request.task) != ROUTED:
            self.state.worker_gone(worker.routing_id)
            self.schedule()
