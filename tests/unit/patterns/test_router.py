"""ROUTER without connections: pipes are attached, filled and emptied here."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from antiphon.errors import EHOSTUNREACH, HostUnreachable
from antiphon.patterns.base import DUPLICATE_ID, QUEUE_FULL
from antiphon.patterns.pipe import Pipe, PipeEnd
from antiphon.patterns.router import ROUTED, UNKNOWN_ID, Router
from antiphon.queue import MessageQueue

from .pipes import attach, everything, hears, options, says


def test_router_gives_each_nameless_peer_an_id_of_its_own() -> None:
    """E8, E9, E10, R1, R5, R28.35: five octets, the first zero, counted up, and never again."""
    router = Router(options(), 0xFFFFFFFD)
    ids = [attach(router).routing_id for _ in range(5)]
    assert ids[:3] == [b"\0\xff\xff\xff\xfe", b"\0\xff\xff\xff\xff", b"\0\0\0\0\0"]
    assert len(set(ids)) == 5
    router.detach(router.peers[ids[0]])
    assert attach(router).routing_id not in ids


def test_router_passes_over_an_id_that_a_peer_has_chosen() -> None:
    """R5, R6, R28.35: nothing that a peer announces makes a generated id a duplicate."""
    router = Router(options(), 0)
    attach(router, b"\0\0\0\0\1")
    assert attach(router).routing_id == b"\0\0\0\0\2"


def test_router_knows_a_peer_by_the_id_it_chose() -> None:
    """E8, E13, K3, K4, K6, R3, R4, R28.36, R28.38-R28.41: ids in front, in turn; none behind."""
    router = Router(options(), 0)
    peers = {name: attach(router, name) for name in (b"A", b"B", b"\xff" * 255)}
    for name, peer in peers.items():
        router.deliver(peer, MessageQueue([[b"1"], [b"", b"2"]]))
        assert router.try_send([name, b"", name, b"x"])
        assert hears(peer) == [b"", name, b"x"]
    assert everything(router) == [[n, b"1"] for n in peers] + [[n, b"", b"2"] for n in peers]


def test_router_refuses_a_second_peer_of_the_same_id() -> None:
    """R7, R28.35: the old one keeps its id and its messages, whatever becomes of the new one."""
    router = Router(options(), 0)
    old, new = attach(router, b"X"), Pipe(router.options)
    new.routing_id = b"X"
    says(router, old, b"from old")
    assert router.attach(new) == DUPLICATE_ID
    router.detach(new)
    router.try_send([b"X", b"to old"])
    assert hears(old) == [b"to old"]
    assert everything(router) == [[b"X", b"from old"]]
    assert router.drops == {DUPLICATE_ID: 1}


class _End(PipeEnd):
    closed = ""

    def close_peer(self, reason: str) -> None:
        self.closed = reason


def test_router_hands_an_id_over() -> None:
    """R7, R28.34: the old connection is closed and its queues are dropped and counted."""
    router = Router(options(), 0)
    router.options.router_handover = True
    old = attach(router, b"X")
    old.end = end = _End()
    says(router, old, b"in")
    router.try_send([b"X", b"out"])
    new = attach(router, b"X")
    assert (end.closed, old.attached) == ("handover", False)
    router.detach(old)
    router.try_send([b"X", b"to new"])
    assert hears(new) == [b"to new"]
    assert router.try_recv() is None
    assert router.drops == {"sender-gone": 1, "peer-gone": 1}


def test_router_drops_what_it_cannot_route() -> None:
    """R9, R28.42, R28.43: sending succeeds; each message is counted under its reason."""
    router = Router(options(hwm=1), 0)
    attach(router, b"X")
    assert router.can_send()
    for parts in ([b"nobody", b"m"], [b"X", b"1"], [b"X", b"2"], [b"X"], [b"nobody"]):
        assert router.try_send(parts)
    assert router.drops == {"unknown-id": 1, "queue-full": 1, "id-only": 2}


def test_mandatory_router_says_what_it_cannot_route() -> None:
    """R10, R28.42, OFF: unknown and gone peers are errors, a full one waits; it stays usable."""
    router = Router(options(hwm=1), 0)
    router.options.router_mandatory = True
    assert not router.can_send()
    peer = attach(router, b"X")
    with pytest.raises(HostUnreachable) as caught:
        router.try_send([b"nobody", b"m"])
    assert (caught.value.errno, caught.value.routing_id) == (EHOSTUNREACH, b"nobody")
    assert router.try_send([b"X", b"1"])
    assert not router.can_send()
    assert not router.try_send([b"X", b"2"])
    hears(peer)
    assert peer.unblocked()
    router.writable(peer)
    assert router.try_send([b"X", b"2"])
    says(router, peer, b"pending")
    router.detach(peer)
    assert router.try_recv() is None
    with pytest.raises(HostUnreachable):
        router.try_send([b"X", b"3"])
    assert router.drops == {"peer-gone": 1, "sender-gone": 1}


def test_route_tells_what_became_of_a_message_and_drops_none() -> None:
    """R28.41, R28.42: the three outcomes."""
    router = Router(options(hwm=1), 0)
    peer = attach(router, b"X")
    outcomes = [router.route(name, [b"m"]) for name in (b"nobody", b"X", b"X")]
    assert outcomes == [UNKNOWN_ID, ROUTED, QUEUE_FULL]
    assert (list(peer.outbound), router.drops) == ([[b"m"]], {})


class _Session:
    """One connection of a peer, and what has passed over it."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.said: list[list[bytes]] = []
        self.heard: list[list[bytes]] = []
        self.accepted: list[list[bytes]] = []
        self.arrived: list[list[bytes]] = []


_NAMES = st.sampled_from([b"A", b"B", b"C"])


class RouterMachine(RuleBasedStateMachine):
    """Peers come, go, talk and read in any order; every message is accounted for."""

    def __init__(self) -> None:
        super().__init__()
        self.router = Router(options(hwm=3), 0)
        self.live: dict[bytes, _Session] = {}
        self.gone: list[_Session] = []
        self.dropped = {"unknown-id": 0, "queue-full": 0, DUPLICATE_ID: 0}
        self.count = 0

    def _body(self) -> bytes:
        self.count += 1
        return b"%d" % self.count

    @rule(name=_NAMES, handover=st.booleans())
    def peer_comes(self, name: bytes, handover: bool) -> None:
        self.router.options.router_handover = handover
        pipe = Pipe(self.router.options)
        pipe.routing_id = name
        refused = name in self.live and not handover
        assert self.router.attach(pipe) == (DUPLICATE_ID if refused else "")
        self.dropped[DUPLICATE_ID] += refused
        if not refused:
            self.gone += [self.live.pop(name)] if name in self.live else []
            self.live[name] = _Session(pipe)

    @rule(name=_NAMES)
    def peer_goes(self, name: bytes) -> None:
        if name in self.live:
            session = self.live.pop(name)
            self.router.detach(session.pipe)
            self.gone.append(session)

    @rule(name=_NAMES, count=st.integers(1, 3))
    def peer_talks(self, name: bytes, count: int) -> None:
        if name in self.live:
            session = self.live[name]
            messages = [[self._body()] for _ in range(min(count, session.pipe.room()))]
            session.said += [list(parts) for parts in messages]
            if messages:
                self.router.deliver(session.pipe, MessageQueue(messages))

    @rule(name=_NAMES)
    def peer_reads(self, name: bytes) -> None:
        session = self.live.get(name)
        if session is not None and session.pipe.outbound:
            session.arrived.append(hears(session.pipe))
            if session.pipe.unblocked():
                self.router.writable(session.pipe)

    @rule()
    def application_receives(self) -> None:
        waiting = any(session.pipe.inbound for session in self.live.values())
        assert self.router.can_recv() == waiting
        parts = self.router.try_recv()
        assert (parts is not None) == waiting
        if parts is not None:
            self.live[parts[0]].heard.append(parts[1:])

    @rule(name=_NAMES)
    def application_sends(self, name: bytes) -> None:
        body = [self._body()]
        session = self.live.get(name)
        full = session is not None and session.pipe.blocked
        assert self.router.try_send([name, *body])
        if session is None or full:
            self.dropped["queue-full" if full else "unknown-id"] += 1
        else:
            session.accepted.append(body)

    @invariant()
    def nothing_is_lost_doubled_or_reordered(self) -> None:
        for session in self.live.values():
            assert session.heard + list(session.pipe.inbound) == session.said
            assert session.arrived + list(session.pipe.outbound) == session.accepted
        for session in self.gone:
            assert session.heard == session.said[: len(session.heard)]
            assert session.arrived == session.accepted[: len(session.arrived)]

    @invariant()
    def what_is_dropped_is_counted(self) -> None:
        unheard = sum(len(s.said) - len(s.heard) for s in self.gone)
        unread = sum(len(s.accepted) - len(s.arrived) for s in self.gone)
        expected = {**self.dropped, "sender-gone": unheard, "peer-gone": unread}
        assert self.router.drops == {reason: n for reason, n in expected.items() if n}


TestRouterMachine = RouterMachine.TestCase


def known(router: Router, name: bytes) -> Pipe:
    """Attach a peer whose connection is complete."""
    pipe = attach(router, name)
    pipe.peer_type = b"DEALER"
    router.connected(pipe)
    return pipe


@pytest.mark.parametrize("bits", [0, 1, 2, 3])
def test_router_notify_tells_who_comes_and_who_goes(bits: int) -> None:
    """test_router_notify of libzmq: ``[id, b""]`` for each; the bits choose."""
    router = Router(options(), 0)
    router.options.router_notify = bits
    says(router, known(router, b"A"), b"hello")
    arrival = [[b"A", b""]] if bits & 1 else []
    assert everything(router) == [*arrival, [b"A", b"hello"]]
    says(router, router.peers[b"A"], b"lost")
    router.detach(router.peers[b"A"])
    assert everything(router) == ([[b"A", b""]] if bits & 2 else [])


def test_router_notify_tells_of_a_connection_of_ours_each_time() -> None:
    router = Router(options(), 0)
    router.options.router_notify = 3
    peer = known(router, b"A")
    says(router, peer, b"1")
    router.interrupted(peer)
    router.connected(peer)
    assert everything(router) == [[b"A", b""], [b"A", b"1"], [b"A", b""], [b"A", b""]]


def test_an_application_that_reads_nothing_is_told_a_bounded_number_of_times() -> None:
    router = Router(options(hwm=2), 0)
    router.options.router_notify = 3
    peer = known(router, b"A")
    for _ in range(100):
        router.interrupted(peer)
        router.connected(peer)
    told = len(everything(router))
    assert 2 < told < 100
    assert router.drops == {QUEUE_FULL: 201 - told}


def test_what_is_told_of_an_end_comes_after_what_the_peer_has_sent() -> None:
    router = Router(options(), 0)
    router.options.router_notify = 2
    router.options.disconnect_msg = b"bye"
    peer = known(router, b"A")
    says(router, peer, b"last")
    router.part(peer)
    assert everything(router) == [[b"A", b"last"], [b"A", b""], [b"A", b"bye"]]


def test_disconnect_msg_is_of_peers_whose_handshake_was_complete() -> None:
    router = Router(options(), 0)
    router.options.disconnect_msg = b"bye"
    router.detach(attach(router, b"never connected"))
    router.detach(known(router, b"A"))
    assert everything(router) == [[b"A", b"bye"]]


def test_no_more_ends_wait_to_be_told_than_messages_may() -> None:
    router = Router(options(hwm=2), 0)
    router.options.router_notify = 2
    for _ in range(5):
        router.detach(known(router, b"A"))
    assert everything(router) == [[b"A", b""]] * 2
    assert router.drops == {QUEUE_FULL: 3}
