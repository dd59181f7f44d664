"""The load-balancing broker without its sockets: stimulus in, instructions out (L1-L14).

Workers announce themselves with READY and get requests as replies; the worker that has been idle
for longest is next (L3). A request belongs to one worker at a time, until it is answered, handed
to another worker because that one has gone, or given up after ``retries`` of those.
"""

from collections import deque
from typing import Final

__all__ = ("READY", "BrokerState", "Request")

READY: Final = b"READY"
_EMPTY: Final = b""
_READY_FRAMES: Final = [_EMPTY, READY]

#: Why a message ended here; keys of BrokerState.dropped.
MALFORMED: Final = "malformed"
LATE_REPLY: Final = "late-reply"
CLIENT_GONE: Final = "client-gone"


class Request:
    """A request that the broker has accepted and that has not ended yet."""

    def __init__(self, client: bytes, frames: list[bytes]) -> None:
        self.client = client
        #: ``["", body, ...]``, as it came from the client.
        self.frames = frames
        #: How many workers have been lost with it.
        self.losses = 0


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
        #: Idle workers, the least recently used first.
        self.idle: deque[bytes] = deque()
        #: What each busy worker works on.
        self.busy: dict[bytes, Request] = {}
        #: Requests that wait for a worker, those of lost workers first.
        self.waiting: deque[Request] = deque()
        #: The worker that dispatch() has chosen, and the client that on_worker() answers.
        self.worker = b""
        self.client = b""
        self.requests = 0
        self.replies = 0
        self.retried = 0
        self.lost = 0
        self.dropped: dict[str, int] = {}
        #: Replies by worker, of those that are connected.
        self.served: dict[bytes, int] = {}

    def wanted(self) -> int:
        """Return how many requests may be taken from clients now (L9)."""
        if self.draining:
            return 0
        return max(len(self.idle), self.backlog) - len(self.waiting)

    def finished(self) -> bool:
        """Tell whether every accepted request has ended."""
        return not self.busy and not self.waiting

    def on_client(self, client: bytes, frames: list[bytes]) -> list[bytes] | None:
        """Take a request ``["", body, ...]``; returns what dispatch() would return."""
        self.requests += 1
        request = Request(client, frames)
        if self.waiting or not self.idle:
            self.waiting.append(request)
            return None
        return self._assign(request)

    def dispatch(self) -> list[bytes] | None:
        """Return the next message for ``worker``, or None when nothing or nobody is free.

        It is ``["", client id, "", body, ...]``; the routing id of the worker is left out.
        """
        if not self.waiting or not self.idle:
            return None
        return self._assign(self.waiting.popleft())

    def _assign(self, request: Request) -> list[bytes]:
        worker = self.idle.popleft()
        self.busy[worker] = request
        self.worker = worker
        return [_EMPTY, request.client, *request.frames]

    def on_worker(self, worker: bytes, frames: list[bytes]) -> list[bytes] | None:
        """Take ``["", READY]`` or ``["", client id, "", body, ...]``.

        Returns the reply for ``client``, without its routing id, or None. Only a message of
        exactly two frames is READY: no client id and no body can be mistaken for it (L10).
        """
        if len(frames) < 3 or frames[0] != _EMPTY:
            if frames == _READY_FRAMES:
                self._on_ready(worker)
            else:
                self.drop(MALFORMED)
            return None
        request = self.busy.get(worker)
        if request is None:
            self.drop(LATE_REPLY)
            return None
        client = frames[1]
        if client != request.client:
            self.drop(MALFORMED)
            return None
        del self.busy[worker]
        self.idle.append(worker)
        self.served[worker] += 1
        self.replies += 1
        self.client = client
        return frames[2:]

    def _on_ready(self, worker: bytes) -> None:
        if worker not in self.served:
            self.served[worker] = 0
            self.idle.append(worker)
            return
        request = self.busy.pop(worker, None)
        if request is not None:
            # It has started anew under its old id: what it worked on is lost with its past.
            self._retry(request)
            self.idle.append(worker)

    def worker_gone(self, worker: bytes) -> None:
        """Forget a worker whose connection has ended; its request goes to another one."""
        if self.served.pop(worker, -1) < 0:
            return
        request = self.busy.pop(worker, None)
        if request is None:
            self.idle.remove(worker)
        else:
            self._retry(request)

    def _retry(self, request: Request) -> None:
        request.losses += 1
        if request.losses > self.retries:
            self.lost += 1
        else:
            self.retried += 1
            self.waiting.appendleft(request)

    def client_gone(self, client: bytes) -> None:
        """Forget what a client that has gone still waits for."""
        kept = deque(request for request in self.waiting if request.client != client)
        for _ in range(len(self.waiting) - len(kept)):
            self.drop(CLIENT_GONE)
        self.waiting = kept

    def drop(self, reason: str) -> None:
        """Count a message that ends here."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
