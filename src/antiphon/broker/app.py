"""The broker as a running thing: two bound ROUTERs on a reactor of its own."""

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from antiphon.broker.relay import Relay, Trace
from antiphon.broker.state import BrokerState
from antiphon.engine.socket import ROUTER, SocketCore
from antiphon.hosts.lines import trace_is_wanted
from antiphon.hosts.resolver import ThreadResolver
from antiphon.options import SocketOptions
from antiphon.reactor import Reactor

__all__ = ("Broker", "BrokerStats")

_LOG = logging.getLogger("antiphon.broker")
#: How long the last replies may take to leave when the broker ends, in milliseconds.
_LINGER: Final = 1000


class BrokerStats(NamedTuple):
    """The broker's figures since it began."""

    requests: int
    replies: int
    #: Requests that workers work on, and that wait for one.
    in_flight: int
    waiting: int
    #: Requests that have come and are not taken yet: they wait for a worker that is free.
    queued: int
    workers: int
    idle: int
    clients: int
    #: Requests given to another worker, and given up.
    retried: int
    lost: int
    #: Messages that ended in the broker, by reason.
    dropped: dict[str, int]


def _logged() -> Trace | None:
    if not trace_is_wanted():
        return None
    # Only here: see hosts/tracing.py.
    from antiphon.broker.tracing import LoggedTrace

    return LoggedTrace()


class Broker:
    """A load-balancing broker between REQ or DEALER clients and REQ or DEALER workers.

    ``frontend`` and ``backend`` are the endpoints that clients and workers connect to; the
    attributes hold them with their real ports. ``retries`` bounds how often a request whose worker
    has gone is given to another one, ``backlog`` how many requests are taken from clients while no
    worker is free. A ``trace`` sees every message at each hop; without one the log does where
    ANTIPHON_TRACE in the environment asks for it. Raises EndpointError when an endpoint cannot be
    had.
    """

    def __init__(
        self,
        frontend: str,
        backend: str,
        retries: int = 2,
        backlog: int = 0,
        trace: Trace | None = None,
    ) -> None:
        self._reactor = Reactor(ThreadResolver())
        self._state = BrokerState(retries, backlog)
        options = SocketOptions()
        # A worker that starts anew under its id, and a client, are who they say they are now.
        options.router_handover = True
        first_id = int(self._reactor.random() * 2**32)
        self._relay = Relay(self._reactor, self._state, options, first_id, trace or _logged())
        self._sockets = [
            SocketCore(self._reactor, ROUTER, options, router)
            for router in (self._relay.frontend, self._relay.backend)
        ]
        try:
            self.frontend = self._sockets[0].bind(frontend)
            self.backend = self._sockets[1].bind(backend)
        except BaseException:
            self._close(0)
            raise
        self._stopped = False

    def stats(self) -> BrokerStats:
        """Return the figures."""
        state = self._state
        return BrokerStats(
            requests=state.requests,
            replies=state.replies,
            in_flight=state.in_flight(),
            waiting=len(state.waiting),
            queued=sum(pipe.waiting() for pipe in self._relay.frontend.fair_queue),
            workers=len(state.workers),
            idle=len(state.idle),
            clients=len(self._relay.frontend.peers),
            retried=state.retried,
            lost=state.lost,
            dropped=dict(state.dropped),
        )

    def run(self, every_second: Callable[[BrokerStats], None] | None = None) -> bool:
        """Serve until drain() has done its work or stop() is called.

        ``every_second`` is called with the figures once a second. Returns whether every accepted
        request has ended. Signal handlers may call drain() and stop().
        """
        state = self._state
        next_tick = time.monotonic() + 1.0
        lost = passed_on = 0
        while not self._stopped and not (state.draining and state.finished()):
            timeout = -1.0
            if every_second is not None:
                timeout = max(next_tick - time.monotonic(), 0.0)
            # Whoever was given something may have an answer, or the next request, at once.
            self._reactor.expectant = passed_on != state.requests + state.replies
            passed_on = state.requests + state.replies
            self._reactor.poll(timeout)
            if state.lost != lost:
                _LOG.error("%d requests were given up: their workers have gone", state.lost - lost)
                lost = state.lost
            if every_second is not None and time.monotonic() >= next_tick:
                next_tick += 1.0
                every_second(self.stats())
        finished = state.finished()
        self._close(0 if self._stopped else _LINGER)
        return finished

    def drain(self) -> None:
        """Take no new requests, and return from run() once those in flight have ended."""
        self._state.draining = True
        self._reactor.wake()

    def stop(self) -> None:
        """Return from run() at once."""
        self._stopped = True
        self._reactor.wake()

    def _close(self, linger_ms: int) -> None:
        for socket in self._sockets:
            socket.close(linger_ms)
        self._reactor.flush()
        while not all(socket.ended for socket in self._sockets):
            self._reactor.poll(-1.0)
        self._reactor.close()
