"""The load-balancing broker's rules, without sockets (L1-L14)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.broker.state import READY, BrokerState


def ready(state: BrokerState, *workers: bytes) -> None:
    for worker in workers:
        assert state.on_worker(worker, [b"", READY]) is None


def test_frames_at_each_hop() -> None:
    """L8: the envelope as the chapter draws it."""
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"WORKER")
    assert state.on_client(b"CLIENT", [b"", b"Hello"]) == [b"", b"CLIENT", b"", b"Hello"]
    assert state.worker == b"WORKER"
    assert state.on_worker(b"WORKER", [b"", b"CLIENT", b"", b"OK"]) == [b"", b"OK"]
    assert state.client == b"CLIENT"


def test_the_least_recently_used_worker_is_next() -> None:
    """L3: w1, w2, w3, and after their answers in another order, that order."""
    state = BrokerState(retries=0, backlog=0)
    ready(state, b"w1", b"w2", b"w3")
    order = []
    for number in range(3):
        assert state.on_client(b"c", [b"", b"%d" % number]) is not None
        order.append(state.worker)
    for worker in (b"w2", b"w3", b"w1"):
        state.on_worker(worker, [b"", b"c", b"", b"OK"])
    for number in range(3):
        state.on_client(b"c", [b"", b"%d" % number])
        order.append(state.worker)
    assert order == [b"w1", b"w2", b"w3", b"w2", b"w3", b"w1"]


def test_clients_are_read_only_while_a_worker_is_free_or_the_backlog_has_room() -> None:
    """L9."""
    state = BrokerState(retries=0, backlog=0)
    assert state.wanted() == 0
    ready(state, b"w")
    assert state.wanted() == 1
    state.on_client(b"c", [b"", b"1"])
    assert state.wanted() == 0
    patient = BrokerState(retries=0, backlog=2)
    for _ in range(2):
        assert patient.wanted() > 0
        assert patient.on_client(b"c", [b"", b"x"]) is None
    assert patient.wanted() == 0


def test_what_looks_like_ready_is_not_misread() -> None:
    """L10: a client called READY, a body READY, and an answer READY."""
    state = BrokerState(retries=0, backlog=0)
    ready(state, b"w")
    assert state.on_client(READY, [b"", READY]) == [b"", READY, b"", READY]
    assert state.on_worker(b"w", [b"", READY, b"", READY]) == [b"", READY]
    assert list(state.idle) == [b"w"]
    assert state.replies == 1


def test_ready_twice_does_not_double_a_worker() -> None:
    """L11."""
    state = BrokerState(retries=0, backlog=0)
    ready(state, b"w", b"w")
    assert list(state.idle) == [b"w"]


def test_ready_of_a_busy_worker_gives_its_request_to_another_one() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w1", b"w2")
    state.on_client(b"c", [b"", b"x"])
    ready(state, b"w1")
    assert state.dispatch() == [b"", b"c", b"", b"x"]
    assert state.worker == b"w2"
    assert list(state.idle) == [b"w1"]


def test_a_lost_workers_request_goes_to_others_as_often_as_allowed() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w1", b"w2", b"w3")
    state.on_client(b"c", [b"", b"x"])
    state.worker_gone(b"w1")
    assert state.retried == 1
    assert state.dispatch() == [b"", b"c", b"", b"x"]
    state.worker_gone(b"w2")
    assert state.dispatch() is None
    assert state.lost == 1
    assert state.finished()


def test_an_idle_worker_that_has_gone_gets_nothing() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w1", b"w2")
    state.worker_gone(b"w1")
    state.on_client(b"c", [b"", b"x"])
    assert state.worker == b"w2"


def test_late_and_malformed_messages_are_counted() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w")
    assert state.on_worker(b"w", [b"", b"c", b"", b"unasked"]) is None
    assert state.on_worker(b"w", [b"nonsense"]) is None
    assert state.on_worker(b"w", [b"x", b"c", b"", b"no delimiter"]) is None
    assert state.dropped == {"late-reply": 1, "malformed": 2}
    assert list(state.idle) == [b"w"]


def test_an_answer_for_another_client_is_not_delivered() -> None:
    state = BrokerState(retries=1, backlog=0)
    ready(state, b"w")
    state.on_client(b"c", [b"", b"x"])
    assert state.on_worker(b"w", [b"", b"another", b"", b"OK"]) is None
    assert state.dropped == {"malformed": 1}
    assert state.on_worker(b"w", [b"", b"c", b"", b"OK"]) == [b"", b"OK"]


def test_a_client_that_has_gone_waits_for_nothing() -> None:
    state = BrokerState(retries=0, backlog=5)
    state.on_client(b"gone", [b"", b"x"])
    state.on_client(b"here", [b"", b"y"])
    state.client_gone(b"gone")
    ready(state, b"w")
    assert state.dispatch() == [b"", b"here", b"", b"y"]
    assert state.dropped == {"client-gone": 1}


def test_draining_takes_nothing_new_and_ends() -> None:
    state = BrokerState(retries=0, backlog=5)
    ready(state, b"w")
    state.on_client(b"c", [b"", b"x"])
    state.draining = True
    assert state.wanted() == 0
    assert not state.finished()
    state.on_worker(b"w", [b"", b"c", b"", b"OK"])
    assert state.finished()


workers = st.sampled_from([b"w1", b"w2", b"w3"])
clients = st.sampled_from([b"c1", b"c2"])


class Machine(RuleBasedStateMachine):
    """Whatever happens, every accepted request ends once, and no worker holds two."""

    def __init__(self) -> None:
        super().__init__()
        self.state = BrokerState(retries=2, backlog=3)
        self.working: dict[bytes, bytes] = {}

    def given(self, task: list[bytes] | None) -> None:
        if task is not None:
            assert self.state.worker not in self.working
            self.working[self.state.worker] = task[1]

    @rule(worker=workers)
    def ready(self, worker: bytes) -> None:
        self.working.pop(worker, None)
        self.state.on_worker(worker, [b"", READY])

    @rule(client=clients)
    def request(self, client: bytes) -> None:
        if self.state.wanted() > 0:
            self.given(self.state.on_client(client, [b"", b"x"]))

    @rule()
    def dispatch(self) -> None:
        self.given(self.state.dispatch())

    @rule(worker=workers)
    def answer(self, worker: bytes) -> None:
        client = self.working.pop(worker, None)
        reply = self.state.on_worker(worker, [b"", client or b"c1", b"", b"OK"])
        assert (reply is None) == (client is None)

    @rule(worker=workers)
    def lose(self, worker: bytes) -> None:
        self.working.pop(worker, None)
        self.state.worker_gone(worker)

    @rule(client=clients)
    def leave(self, client: bytes) -> None:
        self.state.client_gone(client)

    @invariant()
    def workers_are_somewhere_once(self) -> None:
        idle = list(self.state.idle)
        assert len(idle) == len(set(idle))
        assert set(idle).isdisjoint(self.state.busy)
        assert set(idle) | set(self.state.busy) == set(self.state.served)
        assert set(self.state.busy) == set(self.working)

    @invariant()
    def every_request_is_accounted_for(self) -> None:
        state = self.state
        ended = state.replies + state.lost + state.dropped.get("client-gone", 0)
        assert state.requests == ended + len(state.busy) + len(state.waiting)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMachine = Machine.TestCase
