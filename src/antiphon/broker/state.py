"""The load-balancing broker without its sockets: stimulus in, instructions out (L1-L14).

Workers announce themselves and get requests as replies; the worker that has been idle for longest
is next (L3). A request belongs to one worker at a time, until it is answered, handed to another
worker because that one has gone, or given up after ``retries`` of those. What a message says is
none of the state's business: see the dialect.
"""

from collections import deque
from typing import Final

__all__ = ("CLIENT_GONE", "BrokerState", "Request", "Worker")

#: Why a message ended here; keys of BrokerState.dropped.
CLIENT_GONE: Final = "client-gone"


class Request:
    """A request that the broker has accepted and that has not ended yet.

    ``task`` is what a worker gets: the client's message in the client's ``envelope``.
    """

    def __init__(self, client: bytes, envelope: bytes, task: list[bytes]) -> None:
        self.client = client
        self.envelope = envelope
        self.task = task
        #: How many workers have been lost with it.
        self.losses = 0
        #: Whether its client has gone meanwhile.
        self.abandoned = False


class Worker:
    """A worker that has said READY and is connected."""

    def __init__(self, routing_id: bytes) -> None:
        self.routing_id = routing_id
        #: What it works on, or None while it is idle.
        self.request: Request | None = None


class BrokerState:
    """Who is idle, who works on what, what waits.

    ``retries`` bounds how often a request is given to another worker after one has gone,
    ``backlog`` how many requests are taken from clients while no worker is free.
    """

    def __init__(self, retries: int, backlog: int) -> None:
        self.retries = retries
        self.backlog = backlog
        #: True once no new requests are taken.
        self.draining = False
        #: The workers by routing id.
        self.workers: dict[bytes, Worker] = {}
        #: The idle ones, the least recently used first.
        self.idle: deque[Worker] = deque()
        #: Requests that wait for a worker, those of lost workers first.
        self.waiting: deque[Request] = deque()
        self.requests = 0
        self.replies = 0
        self.retried = 0
        self.lost = 0
        self.dropped: dict[str, int] = {}

    def wanted(self) -> int:
        """Return how many requests may be taken from clients now (L9)."""
        if self.draining:
            return 0
        return max(len(self.idle), self.backlog) - len(self.waiting)

    def in_flight(self) -> int:
        """Return how many requests are worked on: a worker that is not idle has one."""
        return len(self.workers) - len(self.idle)

    def finished(self) -> bool:
        """Tell whether every accepted request has ended."""
        return not self.in_flight() and not self.waiting

    def on_request(self, request: Request) -> Worker | None:
        """Take a request; returns the worker that it goes to, or None if it has to wait."""
        self.requests += 1
        if self.waiting or not self.idle:
            self.waiting.append(request)
            return None
        worker = self.idle.popleft()
        worker.request = request
        return worker

    def dispatch(self) -> Worker | None:
        """Give a worker what waits; returns the worker, or None if nothing or nobody is free."""
        if not self.waiting or not self.idle:
            return None
        worker = self.idle.popleft()
        worker.request = self.waiting.popleft()
        return worker

    def on_reply(self, worker: Worker) -> None:
        """Take note that a busy worker has answered: it is idle, and next after all others."""
        worker.request = None
        self.replies += 1
        self.idle.append(worker)

    def on_ready(self, routing_id: bytes) -> None:
        """Take note that a worker is there; saying so again changes nothing, even while busy (L11).

        A worker that has started anew under its old id is not the one that had a request: the end
        of the old connection has come before.
        """
        if routing_id not in self.workers:
            worker = self.workers[routing_id] = Worker(routing_id)
            self.idle.append(worker)

    def worker_gone(self, routing_id: bytes) -> None:
        """Forget a worker whose connection has ended; its request goes to another one."""
        worker = self.workers.pop(routing_id, None)
        if worker is None:
            return
        if worker.request is None:
            self.idle.remove(worker)
        else:
            self._take_back(worker.request)
            worker.request = None

    def _take_back(self, request: Request) -> None:
        """Let a request whose worker has gone wait for another one, or give it up."""
        request.losses += 1
        if request.abandoned:
            self.drop(CLIENT_GONE)
        elif request.losses > self.retries:
            self.lost += 1
        else:
            self.retried += 1
            self.waiting.appendleft(request)

    def client_gone(self, client: bytes) -> None:
        """Forget what a client that has gone still waits for; what is worked on goes on."""
        for worker in self.workers.values():
            if worker.request is not None and worker.request.client == client:
                worker.request.abandoned = True
        kept = deque(request for request in self.waiting if request.client != client)
        for _ in range(len(self.waiting) - len(kept)):
            self.drop(CLIENT_GONE)
        self.waiting = kept

    def drop(self, reason: str) -> None:
        """Count a message that ends here."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
