"""The socket types of one frame: what they refuse, what they drop, and how a SERVER numbers."""

import pytest

from antiphon.errors import EINVAL, HostUnreachable, OperationNotSupported, ZMQError
from antiphon.patterns.base import Pattern
from antiphon.patterns.pair import PAIR_TAKEN
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.threadsafe import (
    SEVERAL_FRAMES,
    Channel,
    Client,
    Gather,
    Peer,
    Scatter,
    Server,
)

from .pipes import comes, connect, everything, goes, join, options

SENDERS = [Client, Channel, Scatter]
RECEIVERS = [Client, Channel, Gather]


@pytest.mark.parametrize("kind", SENDERS)
def test_one_frame_is_sent_and_several_are_refused(kind: type[Pattern]) -> None:
    """Z24."""
    pattern = kind(options())
    peer = join(pattern)
    assert pattern.try_send([b"one"])
    with pytest.raises(ZMQError) as caught:
        pattern.try_send([b"one", b"two"])
    assert caught.value.errno == EINVAL
    assert goes(peer) == [[b"one"]]


@pytest.mark.parametrize("kind", RECEIVERS)
def test_several_frames_that_come_are_dropped_and_counted(kind: type[Pattern]) -> None:
    """Z24: a peer that sends them keeps its connection."""
    pattern = kind(options())
    peer = join(pattern)
    comes(pattern, peer, [b"1"], [b"2", b"x"], [b""])
    assert everything(pattern) == [[b"1"], [b""]]
    comes(pattern, peer, [b"3", b""])
    assert not pattern.can_recv()
    assert pattern.drops == {SEVERAL_FRAMES: 2}
    assert peer.received == 4


def test_the_directions_and_numbers_of_peers_are_those_of_their_siblings() -> None:
    with pytest.raises(OperationNotSupported):
        Scatter(options()).try_recv()
    with pytest.raises(OperationNotSupported):
        Gather(options()).try_send([b"x"])
    channel = Channel(options())
    join(channel)
    assert channel.attach(Pipe(channel.options)) == PAIR_TAKEN


@pytest.mark.parametrize("kind", [Server, Peer])
def test_a_server_numbers_its_peers_whatever_they_call_themselves(kind: type[Server]) -> None:
    server = kind(options(), 0xFFFFFFFE)
    pipes = []
    for _ in range(3):
        pipe = Pipe(server.options)
        pipe.routing_id = b"named"
        assert not server.attach(pipe)
        pipes.append(pipe)
        comes(server, pipe, [b"hello"], [b"several", b"frames"])
    numbers = [b"\xff\xff\xff\xff", b"\0\0\0\1", b"\0\0\0\2"]
    assert everything(server) == [[number, b"hello"] for number in numbers]
    for number in numbers:
        assert server.try_send([number, number])
    assert [goes(pipe) for pipe in pipes] == [[[number]] for number in numbers]
    assert server.drops == {SEVERAL_FRAMES: 3}


def test_a_server_says_whom_it_cannot_reach_and_waits_for_room() -> None:
    server = Server(options(hwm=1), 0)
    pipe = join(server)
    assert server.can_send()
    assert server.try_send([pipe.routing_id, b"1"])
    assert not server.try_send([pipe.routing_id, b"2"])
    assert not server.can_send()
    with pytest.raises(HostUnreachable):
        server.try_send([b"\0\0\0\\9", b"x"])
    for parts in ([pipe.routing_id], [pipe.routing_id, b"x", b"y"]):
        with pytest.raises(ZMQError) as caught:
            server.try_send(parts)
        assert caught.value.errno == EINVAL


def test_a_peer_tells_of_a_lost_connection_under_hiccup_msg() -> None:
    peer = Peer(options(hiccup_msg=b"HICCUP"), 0)
    pipe = join(peer)
    peer.interrupted(pipe)
    connect(peer, pipe)
    assert everything(peer) == [[pipe.routing_id, b"HICCUP"]]
