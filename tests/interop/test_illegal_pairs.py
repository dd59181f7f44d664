"""Every pair of types that may not talk: refused at both ends, with a reason (K7, Z14, Z15)."""

import pytest
import zmq as libzmq

import antiphon.zmq as zmq
from antiphon.wire.pairs import LEGAL_PAIRS
from tests.waiting import until

from .peers import Sockets, endpoint_of, wait_for
from .raw import NULL_GREETING, RawListener, RawPeer, ready

pytestmark = pytest.mark.timeout(20)

#: The types that libzmq has, and those that only drafts have, which peers may claim.
TYPES = ("REQ", "REP", "DEALER", "ROUTER", "PUB", "SUB", "XPUB", "XSUB", "PUSH", "PULL", "PAIR")
CLAIMS = tuple(kind.decode() for kind in LEGAL_PAIRS)
#: The table of RFC 37, written down once more: what a test compares with is not what it tests.
TALKS_TO = {
    "REQ": "REP ROUTER",
    "REP": "REQ DEALER",
    "DEALER": "REP DEALER ROUTER",
    "ROUTER": "REQ DEALER ROUTER",
    "PUB": "SUB XSUB",
    "XPUB": "SUB XSUB",
    "SUB": "PUB XPUB",
    "XSUB": "PUB XPUB",
    "PUSH": "PULL",
    "PULL": "PUSH",
    "PAIR": "PAIR",
}
GONE = (
    libzmq.EVENT_DISCONNECTED
    | libzmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | libzmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
)

in_each_role = pytest.mark.parametrize("we_bind", [True, False], ids=["we-bind", "we-connect"])


def illegal(claims: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the pairs of our types with those of peers that may not talk."""
    return [
        (ours, theirs)
        for ours in TYPES
        for theirs in claims
        if theirs not in TALKS_TO[ours].split()
    ]


@in_each_role
@pytest.mark.parametrize(("ours", "theirs"), illegal(CLAIMS))
def test_the_peer_is_told_why(
    shared_sockets: Sockets, we_bind: bool, ours: str, theirs: str
) -> None:
    """An ERROR command names both types; then the connection ends."""
    subject = shared_sockets.subject(ours)
    with RawListener() as listener:
        if we_bind:
            subject.bind("tcp://127.0.0.1:*")
            raw = RawPeer.dial(endpoint_of(subject))
        else:
            subject.connect(listener.endpoint)
            raw = listener.accept()
        with raw:
            raw.send(NULL_GREETING + ready(theirs.encode()))
            assert raw.read(64) == NULL_GREETING
            flags, body = raw.read_frame()
            if not we_bind:
                assert body.startswith(b"\x05READY")
                flags, body = raw.read_frame()
            assert (flags, body[:6], body[6]) == (4, b"\x05ERROR", len(body) - 7)
            reason = body[7:].decode("ascii")
            assert reason.startswith(f"{ours} cannot talk to {theirs}: ")
            assert raw.read_to_end() == b""
    assert isinstance(subject, zmq.Socket)
    assert subject.stats().failures == {"illegal-pair": 1}


@in_each_role
@pytest.mark.parametrize(("ours", "theirs"), illegal(TYPES))
def test_neither_stack_takes_the_other(
    shared_sockets: Sockets, we_bind: bool, ours: str, theirs: str
) -> None:
    """libzmq ends the connection, too, and nothing is exchanged."""
    subject = shared_sockets.subject(ours, RECONNECT_IVL=2)
    peer = shared_sockets.peer(theirs, RECONNECT_IVL=2)
    monitor = shared_sockets.monitor(peer)
    binder, connecter = (subject, peer) if we_bind else (peer, subject)
    binder.bind("tcp://127.0.0.1:*")
    connecter.connect(endpoint_of(binder))
    wait_for(monitor, GONE)
    assert isinstance(subject, zmq.Socket)
    until(lambda: subject.stats().failures)
    assert set(subject.stats().failures) == {"illegal-pair"}
    assert not any(found.connected for found in subject.peers())
