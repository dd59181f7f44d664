"""The load-balancing broker's rules, without sockets (L1-L14)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.broker.state import BrokerState, Request, Worker


def ready(state: BrokerState, *workers: bytes) -> None:
    for worker in workers:
        state.on_ready(worker)


def ask(state: BrokerState, client: bytes, body: bytes = b"x") -> bytes | None:
    """Let a client ask; returns the worker that gets the request."""
    worker = state.on_request(Request(client, b"", [body]))
    return None if worker is None else worker.routing_id


def answer(state: BrokerState, worker: bytes) -> None:
    state.on_reply(state.workers[worker])


def dispatched(state: BrokerState) -> tuple[bytes, bytes] | None:
    """Return the worker that got what waited, and the client that had asked."""
    worker = state.dispatch()
    if worker is None:
        return None
    assert worker.request is not None
    return worker.routing_id, worker.request.client


def names(workers: "list[Worker]") -> list[bytes]:
    return [worker.routing_id for worker in workers]


def test_the_least_recently_used_worker_is_next() -> None:
    """L3: w1, w2, w3, and after their answers in another order, that order."""
    state = BrokerState(retries=0, backlog=0)
    ready(state, b"w1", b"w2", b"w3")
    order = [ask(state, b"c") for _ in range(3)]
    for worker in (b"w2", b"w3", b"w1"):
        answer(state, worker)
    order += [ask(state, b"c") for _ in range(3)]
    assert order == [b"w1", b"w2", b"w3", b"w2", b"w3", b"w1"]


def test_clients_are_read_only_while_a_worker_is_free_or_the_backlog_has_room() -> None:
    """L9."""
    state = BrokerState(retries=0, backlog=0)
    assert state.wanted() == 0
    ready(state, b"w")
    assert state.wanted() == 1
    ask(state, b"c")
    assert state.wanted() == 0
    patient = BrokerState(retries=0, backlog=2)
    for _ in range(2):
        assert patient.wanted() > 0
        assert ask(patient, b"c") is None
    assert patient.wanted() == 0


def test_ready_twice_does_not_double_a_worker() -> None:
    """L11."""
    state = BrokerState(retries=0, backlog=0)
    ready(state, b"w", b"w")
    assert names(list(state.idle)) == [b"w"]


def test_ready_of_a_busy_worker_changes_nothing() -> None:
    """L11: it would be given a second request, and its answers would be mixed up."""
    state = BrokerState(retries=1, backlog=1)
    ready(state, b"w1")
    assert ask(state, b"c") == b"w1"
    ready(state, b"w1")
    assert ask(state, b"c") is None
    assert state.in_flight() == 1
    answer(state, b"w1")
    assert dispatched(state) == (b"w1", b"c")


def test_a_lost_workers_request_goes_to_others_as_often_as_allowed() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w1", b"w2", b"w3")
    assert ask(state, b"c") == b"w1"
    state.worker_gone(b"w1")
    assert state.retried == 1
    assert dispatched(state) == (b"w2", b"c")
    state.worker_gone(b"w2")
    assert dispatched(state) is None
    assert state.lost == 1
    assert state.finished()


def test_a_request_that_lost_its_worker_goes_before_all_others() -> None:
    state = BrokerState(retries=1, backlog=5)
    ready(state, b"w1")
    ask(state, b"first")
    ask(state, b"second")
    state.worker_gone(b"w1")
    ready(state, b"w2")
    assert dispatched(state) == (b"w2", b"first")


def test_an_idle_worker_that_has_gone_gets_nothing() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w1", b"w2")
    state.worker_gone(b"w1")
    assert ask(state, b"c") == b"w2"


def test_a_client_that_has_gone_waits_for_nothing() -> None:
    state = BrokerState(retries=0, backlog=5)
    ask(state, b"gone")
    ask(state, b"here")
    state.client_gone(b"gone")
    ready(state, b"w")
    assert dispatched(state) == (b"w", b"here")
    assert state.dropped == {"client-gone": 1}


def test_the_request_of_a_client_that_has_gone_is_not_tried_again() -> None:
    """Or a broker that drains would wait for a worker that nobody needs."""
    state = BrokerState(retries=5, backlog=0)
    ready(state, b"w")
    ask(state, b"gone")
    state.client_gone(b"gone")
    state.worker_gone(b"w")
    assert state.finished()
    assert state.dropped == {"client-gone": 1}


def test_draining_takes_nothing_new_and_ends() -> None:
    state = BrokerState(retries=0, backlog=5)
    ready(state, b"w")
    ask(state, b"c")
    state.draining = True
    assert state.wanted() == 0
    assert not state.finished()
    answer(state, b"w")
    assert state.finished()


workers = st.sampled_from([b"w1", b"w2", b"w3"])
clients = st.sampled_from([b"c1", b"c2"])


class Machine(RuleBasedStateMachine):
    """Whatever happens, every accepted request ends once, and no worker holds two."""

    def __init__(self) -> None:
        super().__init__()
        self.state = BrokerState(retries=2, backlog=3)
        self.working: dict[bytes, bytes] = {}

    def given(self, worker: Worker | None) -> None:
        if worker is not None:
            assert worker.routing_id not in self.working
            assert worker.request is not None
            self.working[worker.routing_id] = worker.request.client

    @rule(worker=workers)
    def ready(self, worker: bytes) -> None:
        self.state.on_ready(worker)

    @rule(client=clients)
    def request(self, client: bytes) -> None:
        if self.state.wanted() > 0:
            self.given(self.state.on_request(Request(client, b"", [b"x"])))

    @rule()
    def dispatch(self) -> None:
        self.given(self.state.dispatch())

    @rule(worker=workers)
    def answer(self, worker: bytes) -> None:
        if self.working.pop(worker, None) is not None:
            self.state.on_reply(self.state.workers[worker])

    @rule(worker=workers)
    def lose(self, worker: bytes) -> None:
        self.working.pop(worker, None)
        self.state.worker_gone(worker)

    @rule(client=clients)
    def leave(self, client: bytes) -> None:
        self.state.client_gone(client)

    @invariant()
    def workers_are_somewhere_once(self) -> None:
        state = self.state
        idle = names(list(state.idle))
        assert len(idle) == len(set(idle))
        busy = {name: worker.request for name, worker in state.workers.items() if worker.request}
        assert set(idle) | set(busy) == set(state.workers)
        assert set(idle).isdisjoint(busy)
        assert {name: request.client for name, request in busy.items()} == self.working
        assert state.in_flight() == len(busy)

    @invariant()
    def every_request_is_accounted_for(self) -> None:
        state = self.state
        ended = state.replies + state.lost + state.dropped.get("client-gone", 0)
        assert state.requests == ended + state.in_flight() + len(state.waiting)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase
