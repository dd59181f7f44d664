"""C programs on the system's libzmq, as clients and as workers of sockets under test."""

from collections import Counter
from pathlib import Path

import pytest

from .peers import Socket, Sockets, endpoint_of
from .programs import Programs, finish, next_line

pytestmark = pytest.mark.timeout(30)

COUNT = 200


@pytest.fixture(params=["tcp", "ipc"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an address to bind to, of either transport."""
    return "tcp://127.0.0.1:*" if request.param == "tcp" else f"ipc://{tmp_path}/s"


@pytest.mark.parametrize("kind", ["req", "dealer"])
def test_rep_serves_a_c_client(
    sockets: Sockets, programs: Programs, c_client: Path, address: str, kind: str
) -> None:
    """A REP answers a C client that asks in turn, and one that asks all at once."""
    rep = sockets.subject("REP")
    rep.bind(address)
    client = programs.start(c_client, kind, endpoint_of(rep), str(COUNT))
    for _ in range(COUNT):
        rep.send(b"OK:" + rep.recv())
    assert finish(client) == f"{COUNT} replies\n"


@pytest.mark.parametrize("kind", ["req", "dealer"])
def test_router_serves_c_clients_in_any_order(
    sockets: Sockets, programs: Programs, c_client: Path, address: str, kind: str
) -> None:
    """A ROUTER gathers one request of each client before it answers the last one first (K3)."""
    router = sockets.subject("ROUTER")
    router.bind(address)
    clients = [programs.start(c_client, kind, endpoint_of(router), "20") for _ in range(3)]
    for _ in range(20):
        requests = [router.recv_multipart() for _ in clients]
        for *envelope, body in reversed(requests):
            router.send_multipart([*envelope, b"OK:" + body])
    assert [finish(client) for client in clients] == ["20 replies\n"] * 3


def test_req_asks_a_c_worker(
    sockets: Sockets, programs: Programs, c_worker: Path, address: str
) -> None:
    """A REQ that was bound is served by a REP that connects to it."""
    req = sockets.subject("REQ")
    req.bind(address)
    worker = programs.start(c_worker, "rep", endpoint_of(req), str(COUNT))
    for i in range(COUNT):
        req.send(b"%d" % i)
        assert req.recv() == b"OK:%d" % i
    assert finish(worker) == f"{COUNT} requests\n"


def test_dealer_asks_a_c_worker_all_at_once(
    sockets: Sockets, programs: Programs, c_worker: Path, address: str
) -> None:
    """A DEALER that was bound keeps many requests in flight; replies keep their order (K2)."""
    dealer = sockets.subject("DEALER")
    dealer.bind(address)
    worker = programs.start(c_worker, "rep", endpoint_of(dealer), str(COUNT))
    for i in range(COUNT):
        dealer.send_multipart([b"", b"%d" % i])
    for i in range(COUNT):
        assert dealer.recv_multipart() == [b"", b"OK:%d" % i]
    assert finish(worker) == f"{COUNT} requests\n"


def ready_workers(router: Socket, count: int) -> list[list[bytes]]:
    """Return the envelopes of ``count`` workers that said READY."""
    envelopes = []
    for _ in range(count):
        *envelope, body = router.recv_multipart()
        assert body == b"READY"
        envelopes.append(envelope)
    return envelopes


@pytest.mark.parametrize("kinds", [["req"], ["dealer"], ["req", "dealer", "req"]], ids="-".join)
def test_router_balances_c_workers(
    sockets: Sockets, programs: Programs, c_worker: Path, address: str, kinds: list[str]
) -> None:
    """Workers say READY, get a client's envelope with the task and bring both back (L2, L6)."""
    router = sockets.subject("ROUTER")
    router.bind(address)
    share = 30
    workers = [programs.start(c_worker, kind, endpoint_of(router), str(share)) for kind in kinds]
    waiting = ready_workers(router, len(kinds))
    served: Counter[bytes] = Counter()
    client = b"\0\x01\0\x02\xff"
    for i in range(share * len(kinds)):
        worker = waiting.pop(0)
        router.send_multipart([*worker, client, b"", b"task %d" % i])
        answer = router.recv_multipart()
        assert answer == [*worker, client, b"", b"OK:task %d" % i]
        waiting.append(worker)
        served[worker[0]] += 1
    assert [finish(worker) for worker in workers] == [f"{share} requests\n"] * len(kinds)
    assert set(served.values()) == {share}


def test_router_outlives_a_killed_c_worker(
    sockets: Sockets, programs: Programs, c_worker: Path, address: str
) -> None:
    """A worker killed in mid-request takes nothing with it but its request."""
    router = sockets.subject("ROUTER")
    router.bind(address)
    doomed = programs.start(c_worker, "stall", endpoint_of(router), "1")
    (envelope,) = ready_workers(router, 1)
    router.send_multipart([*envelope, b"client", b"", b"task"])
    assert next_line(doomed) == "stalled"
    doomed.kill()
    doomed.wait()
    router.send_multipart([*envelope, b"client", b"", b"to nobody"])
    other = programs.start(c_worker, "req", endpoint_of(router), "1")
    (envelope,) = ready_workers(router, 1)
    router.send_multipart([*envelope, b"client", b"", b"task"])
    assert router.recv_multipart() == [*envelope, b"client", b"", b"OK:task"]
    assert finish(other) == "1 requests\n"
