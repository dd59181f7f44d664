"""Every legal pair of REQ, REP, DEALER and ROUTER, with libzmq on the other side (K1 to K6)."""

from pathlib import Path
from typing import NamedTuple

import pytest

from .peers import Socket, Sockets, endpoint_of, send_when_routable

pytestmark = pytest.mark.timeout(30)

#: Who asks, who answers; the subject plays each role once.
PAIRS = (
    ("REQ", "REP"),
    ("REQ", "ROUTER"),
    ("DEALER", "REP"),
    ("DEALER", "ROUTER"),
    ("DEALER", "DEALER"),
    ("ROUTER", "ROUTER"),
)
ASKER_ID = b"asker"
ANSWERER_ID = b"answerer"
SIZES = (0, 1, 255, 256, 65536, 1 << 20)
FRAME_COUNTS = (1, 2, 3, 10, 100)


class Setting(NamedTuple):
    """One way to set up a pair."""

    asker: str
    answerer: str
    subject_asks: bool
    subject_binds: bool
    transport: str

    def __str__(self) -> str:
        names = [self.asker, self.answerer]
        mine = 0 if self.subject_asks else 1
        names[mine] = f"our{names[mine]}"
        binder = names[mine if self.subject_binds else 1 - mine]
        return f"{names[0]}-{names[1]}-{self.transport}-{binder}-binds"


SETTINGS = [
    Setting(asker, answerer, asks, binds, transport)
    for asker, answerer in PAIRS
    for asks in (True, False)
    for binds in (True, False)
    for transport in ("tcp", "ipc")
]


def options_of(kind: str, other: str, routing_id: bytes) -> dict[str, int | bytes]:
    """Return the options of one end: ROUTERs must know each other's routing id (K6)."""
    if kind == other == "ROUTER":
        return {"ROUTING_ID": routing_id, "ROUTER_MANDATORY": 1}
    return {}


class Conversation:
    """A connected pair and the envelopes that its two applications handle."""

    def __init__(self, setting: Setting, sockets: Sockets, path: Path) -> None:
        asker, answerer = setting.asker, setting.answerer
        make_asker, make_answerer = sockets.subject, sockets.peer
        if not setting.subject_asks:
            make_asker, make_answerer = make_answerer, make_asker
        self.asker = make_asker(asker, **options_of(asker, answerer, ASKER_ID))
        self.answerer = make_answerer(answerer, **options_of(answerer, asker, ANSWERER_ID))
        asker_binds = setting.subject_asks == setting.subject_binds
        binder, connecter = self.asker, self.answerer
        if not asker_binds:
            binder, connecter = connecter, binder
        binder.bind("tcp://127.0.0.1:*" if setting.transport == "tcp" else f"ipc://{path}/s")
        connecter.connect(endpoint_of(binder))
        self._routed = asker == "ROUTER"
        self._prefix = self._prefix_of_request(asker, answerer)
        self._stripped = (answerer == "ROUTER") + (asker == "REQ" and answerer == "ROUTER")

    @staticmethod
    def _prefix_of_request(asker: str, answerer: str) -> list[bytes]:
        if asker == "ROUTER":
            return [ANSWERER_ID]
        return [b""] if (asker, answerer) == ("DEALER", "REP") else []

    def ask(self, body: list[bytes]) -> None:
        """Send a request with its envelope."""
        if self._routed:
            send_when_routable(self.asker, self._prefix + body)
        else:
            self.asker.send_multipart(self._prefix + body)

    def take_request(self) -> tuple[list[bytes], list[bytes]]:
        """Return the next request's envelope, as the answering application sees it, and body."""
        parts = self.answerer.recv_multipart()
        return parts[: self._stripped], parts[self._stripped :]

    def take_reply(self) -> list[bytes]:
        """Return the next reply's body, after a check of its envelope."""
        parts = self.asker.recv_multipart()
        count = len(self._prefix)
        assert parts[:count] == self._prefix
        return parts[count:]

    def exchange(self, request: list[bytes], reply: list[bytes]) -> None:
        """Ask and answer; both must arrive as they were sent."""
        self.ask(request)
        envelope, got = self.take_request()
        assert got == request
        self.answerer.send_multipart(envelope + reply)
        assert self.take_reply() == reply


@pytest.fixture
def conversation(setting: Setting, sockets: Sockets, tmp_path: Path) -> Conversation:
    """Give a connected pair for the parameter ``setting``."""
    return Conversation(setting, sockets, tmp_path)


def filler(size: int, salt: int) -> bytes:
    """Return ``size`` bytes that differ from those for another ``salt``."""
    pattern = bytes((salt + 7 * i) % 256 for i in range(251))
    return (pattern * (size // 251 + 1))[:size]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_payloads_of_each_size_arrive_whole(conversation: Conversation) -> None:
    """Sizes on both sides of the short frame's limit and beyond, both ways."""
    for size in SIZES:
        conversation.exchange([filler(size, 1)], [filler(size, 2)])


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_messages_keep_their_frames(conversation: Conversation) -> None:
    """One to a hundred frames, some of them empty, some long."""
    for count in FRAME_COUNTS:
        request = [filler(i * 31 % 300, i) for i in range(count)]
        conversation.exchange(request, request[::-1])


def asynchronous(setting: Setting) -> bool:
    """Tell whether both ends may send without waiting for the other."""
    return {setting.asker, setting.answerer} <= {"DEALER", "ROUTER"}


@pytest.mark.parametrize("setting", [s for s in SETTINGS if asynchronous(s)], ids=str)
def test_many_in_flight_keep_their_order(conversation: Conversation) -> None:
    """Hundreds of messages of mixed size at once: reads end anywhere in a frame."""
    requests = [[b"%d" % i, filler(i * 37 % 1500, i)] for i in range(400)]
    for request in requests:
        conversation.ask(request)
    envelopes = []
    for request in requests:
        envelope, got = conversation.take_request()
        assert got == request
        envelopes.append(envelope)
    for envelope, request in zip(envelopes, requests, strict=True):
        conversation.answerer.send_multipart(envelope + request[::-1])
    for request in requests:
        assert conversation.take_reply() == request[::-1]


def connect_pair(binder: Socket, connecter: Socket) -> None:
    """Bind one socket to a free port and connect the other to it."""
    binder.bind("tcp://127.0.0.1:*")
    connecter.connect(endpoint_of(binder))


@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
@pytest.mark.parametrize("we_route", [True, False])
def test_a_peer_is_known_by_the_id_it_set(sockets: Sockets, kind: str, we_route: bool) -> None:
    """The longest routing id crosses the handshake unchanged (R3)."""
    make_router, make_peer = sockets.subject, sockets.peer
    if not we_route:
        make_router, make_peer = make_peer, make_router
    routing_id = bytes(range(1, 256))
    router, peer = make_router("ROUTER"), make_peer(kind, ROUTING_ID=routing_id)
    connect_pair(router, peer)
    peer.send(b"x")
    assert router.recv_multipart()[0] == routing_id


@pytest.mark.parametrize("kind", ["REQ", "DEALER"])
def test_a_nameless_peer_gets_an_id_of_five_bytes(sockets: Sockets, kind: str) -> None:
    """Each peer gets its own, with a first byte of zero (E9)."""
    router = sockets.subject("ROUTER")
    router.bind("tcp://127.0.0.1:*")
    ids = set()
    for _ in range(5):
        peer = sockets.peer(kind)
        peer.connect(endpoint_of(router))
        peer.send(b"x")
        ids.add(router.recv_multipart()[0])
    assert len(ids) == 5
    assert {(len(i), i[0]) for i in ids} == {(5, 0)}


def test_a_router_takes_turns_among_peers(sockets: Sockets) -> None:
    """A peer that never stops talking does not keep another from being heard (E8)."""
    router = sockets.subject("ROUTER", RCVHWM=2)
    router.bind("tcp://127.0.0.1:*")
    chatty, quiet = sockets.peer("DEALER"), sockets.peer("DEALER")
    for dealer in (chatty, quiet):
        dealer.connect(endpoint_of(router))
    for _ in range(500):
        chatty.send(b"more")
    quiet.send(b"once")
    for _ in range(20000):
        if router.recv_multipart()[1] == b"once":
            return
        chatty.send(b"more")
    pytest.fail("20000 messages of one peer went before the only one of the other")


@pytest.mark.parametrize("subject_deals", [True, False])
def test_a_dealer_gives_rep_peers_turns(sockets: Sockets, subject_deals: bool) -> None:
    """Requests of one DEALER reach two REPs in turn, and each reply comes home (K2)."""
    make_dealer, make_rep = sockets.subject, sockets.peer
    if not subject_deals:
        make_dealer, make_rep = make_rep, make_dealer
    dealer = make_dealer("DEALER")
    reps = [make_rep("REP"), make_rep("REP")]
    for rep in reps:
        connect_pair(rep, dealer)
    for _ in reps:  # a first message to each shows that both are connected
        dealer.send_multipart([b"", b"ping"])
    for rep in reps:
        assert rep.recv() == b"ping"
        rep.send(b"pong")
    assert [dealer.recv_multipart() for _ in reps] == [[b"", b"pong"]] * 2
    for i in range(10):
        dealer.send_multipart([b"", b"%d" % i])
    replies = set()
    for _ in range(5):
        for rep in reps:
            rep.send(b"done " + rep.recv())
            replies.add(dealer.recv_multipart()[1])
    assert replies == {b"done %d" % i for i in range(10)}
