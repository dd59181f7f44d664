"""Joins the broker's state to its two ROUTERs: each message goes on as soon as it has come."""

import logging
from typing import Final

from antiphon.broker.dialect import frames_of, is_ready, read_reply, read_request
from antiphon.broker.state import CLIENT_GONE, BrokerState, Request, Worker
from antiphon.native import mypyc_attr
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.router import ROUTED, UNKNOWN_ID, Router

__all__ = ("Relay", "Trace", "TracedRelay")

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
    """The clients' side: takes requests while they are wanted, queues the others (L9)."""

    def __init__(self, relay: "Relay", options: SocketOptions, first_id: int) -> None:
        super().__init__(options, first_id)
        self.relay = relay
        # Workers come first: replies wait for those that follow, so that a busy broker writes to
        # a client once and not for each of them.
        self.patient = True

    def deliver(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        # Whenever requests are wanted none is queued: these go before nobody.
        wanted = self.relay.state.wanted()
        if wanted > 0:
            for message in messages[:wanted]:
                self.relay.request(pipe.routing_id, message)
            del messages[:wanted]
        if messages:
            super().deliver(pipe, messages)

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self.relay.state.client_gone(pipe.routing_id)


class _Backend(Router):
    """The workers' side: takes all that they send, answers and READY (L9)."""

    def __init__(self, relay: "Relay", options: SocketOptions, first_id: int) -> None:
        super().__init__(options, first_id)
        self.relay = relay

    def deliver(self, pipe: Pipe, messages: list[list[bytes]]) -> None:
        for message in messages:
            self.relay.from_worker(pipe.routing_id, message)
        messages.clear()
        self.relay.feed()

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self.relay.state.worker_gone(pipe.routing_id)
        self.relay.feed()


class Relay:
    """Moves messages between two ROUTERs as the state says.

    ``options`` are those of both; ``first_id`` is where generated routing ids begin.
    """

    def __init__(self, state: BrokerState, options: SocketOptions, first_id: int) -> None:
        self.state = state
        self.frontend: Router = _Frontend(self, options.copy(), first_id)
        self.backend: Router = _Backend(self, options.copy(), first_id)

    def request(self, client: bytes, message: list[bytes]) -> None:
        """Take a client's request."""
        worker = self.state.on_request(read_request(client, message))
        if worker is not None:
            self.give(worker)

    def from_worker(self, routing_id: bytes, message: list[bytes]) -> None:
        """Take a worker's answer and give it to the client, or take its READY."""
        state = self.state
        worker = state.workers.get(routing_id)
        request = None if worker is None else worker.request
        reply = None if request is None else read_reply(request, message)
        if worker is None or request is None or reply is None:
            self._on_other(routing_id, message, request)
            return
        state.on_reply(worker)
        status = self.reply(request.client, reply)
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

    def feed(self) -> None:
        """Give idle workers what waits: first what lost its worker, then each client in turn."""
        state = self.state
        while state.waiting:
            worker = state.dispatch()
            if worker is None:
                break
            self.give(worker)
        queue = self.frontend.fair_queue
        if queue.ready:
            for _ in range(state.wanted()):
                message = queue.take()
                client = queue.last
                if message is None or client is None:
                    return
                self.request(client.routing_id, message)

    def reply(self, client: bytes, message: list[bytes]) -> str:
        """Route a reply to its client; returns ROUTED, or why it cannot be."""
        return self.frontend.route(client, message)

    def give(self, worker: Worker) -> None:
        """Route a request to the worker that works on it from now on."""
        request = worker.request
        if request is None or self.backend.route(worker.routing_id, request.task) != ROUTED:
            self.state.worker_gone(worker.routing_id)


class TracedRelay(Relay):
    """A relay that lets a Trace see each message, with the routing id that the socket adds."""

    def __init__(
        self, state: BrokerState, options: SocketOptions, first_id: int, trace: Trace
    ) -> None:
        super().__init__(state, options, first_id)
        self.trace = trace

    def request(self, client: bytes, message: list[bytes]) -> None:
        """Show what came from a client, and take it."""
        self.trace.hop("frontend in", [client, *frames_of(message)])
        super().request(client, message)

    def from_worker(self, routing_id: bytes, message: list[bytes]) -> None:
        """Show what came from a worker, and take it."""
        self.trace.hop("backend in", [routing_id, *frames_of(message)])
        super().from_worker(routing_id, message)

    def reply(self, client: bytes, message: list[bytes]) -> str:
        """Show a reply, and route it."""
        self.trace.hop("frontend out", [client, *frames_of(message)])
        return super().reply(client, message)

    def give(self, worker: Worker) -> None:
        """Show what a worker gets, and route it."""
        if worker.request is not None:
            task = frames_of(worker.request.task)
            self.trace.hop("backend out", [worker.routing_id, *task])
        super().give(worker)
