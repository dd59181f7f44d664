"""What happens to a socket, in libzmq's words and order: connections, refusals, drops, the end."""

import itertools

import pytest

from antiphon.constants import Event, OwnEvent, SocketType
from antiphon.engine import events
from antiphon.engine.events import EventQueue, handshake_failure
from antiphon.engine.socket import SocketCore
from antiphon.errors import (
    EADDRINUSE,
    ECONNRESET,
    EFAULT,
    EINPROGRESS,
    EPIPE,
    ETIMEDOUT,
    EndpointError,
    ProtocolError,
    SocketClosed,
)
from antiphon.instrument import Instrument, SocketEvent
from antiphon.testing import Faults, SimulatedSocket, World

DEALER, ROUTER, REQ, REP = SocketType.DEALER, SocketType.ROUTER, SocketType.REQ, SocketType.REP
SERVER = "tcp://server:5555"


class Watched:
    """A socket whose events are kept."""

    def __init__(self, world: World, name: str, kind: int, **options: object) -> None:
        self.socket = SimulatedSocket(world.machine(name), kind, **options)
        self.queue = EventQueue(1000)
        self.socket.core.add_instrument(self.queue)

    def taken(self) -> list[SocketEvent]:
        found = list(self.queue.queued)
        self.queue.queued.clear()
        return found

    def names(self) -> list[str]:
        return [event.name for event in self.taken()]


def server(world: World, kind: int = ROUTER, **options: object) -> Watched:
    made = Watched(world, "server", kind, **options)
    made.socket.bind("tcp://*:5555")
    return made


def client(world: World, kind: int = DEALER, **options: object) -> Watched:
    made = Watched(world, "client", kind, **options)
    made.socket.connect(SERVER)
    return made


def test_the_numbers_are_those_of_the_constants() -> None:
    for name in Event.__members__:
        if name.startswith(("ALL", "PROTOCOL", "PIPES")):
            continue
        assert getattr(events, name) == Event[name]
    for own in OwnEvent:
        assert getattr(events, str(own.name)) == own


def test_a_connection_from_its_beginning_to_its_end(world: World) -> None:
    bound, dialed = server(world), client(world, routing_id=b"C")
    world.run(1)
    assert bound.names() == ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
    assert dialed.names() == ["CONNECT_DELAYED", "CONNECTED", "HANDSHAKE_SUCCEEDED"]
    dialed.socket.close()
    world.run(1)
    assert bound.names() == ["DISCONNECTED"]
    assert dialed.names() == ["DISCONNECTED"]
    assert dialed.queue.ended
    assert not bound.queue.ended
    bound.socket.close()
    assert bound.names() == ["CLOSED"]
    assert bound.queue.ended


def test_events_say_where_when_and_who(world: World) -> None:
    bound, dialed = server(world), client(world, routing_id=b"C")
    world.run(1)
    listening, accepted, ready = bound.taken()
    assert (listening.endpoint, listening.bound, listening.value) == ("tcp://*:5555", True, -1)
    assert accepted.remote == "sim://client"
    assert (ready.routing_id, ready.bound) == (b"C", True)
    delayed, connected, _ = dialed.taken()
    assert (delayed.endpoint, delayed.value, delayed.bound) == (SERVER, EINPROGRESS, False)
    assert connected.endpoint == SERVER
    assert 0 < connected.time < ready.time < world.clock


def test_a_lost_connection_is_dialed_until_it_is_there_again(world: World) -> None:
    bound, dialed = server(world), client(world, reconnect_ivl=50)
    world.run(1)
    bound.taken()
    dialed.taken()
    world.cut()
    world.run(1)
    assert dialed.names() == [
        "DISCONNECTED",
        "CONNECT_RETRIED",
        "CONNECT_DELAYED",
        "CONNECTED",
        "HANDSHAKE_SUCCEEDED",
    ]
    assert bound.names() == ["DISCONNECTED", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
    assert dialed.socket.core.stats().reconnects == 1
    assert dialed.socket.core.stats().failures == {"connection-lost": 1}


def test_a_refused_attempt_says_why_and_when_the_next_one_is(world: World) -> None:
    dialed = client(world, reconnect_ivl=100)
    world.run(0.05)
    delayed, closed, retried = dialed.taken()
    assert [delayed.name, closed.name] == ["CONNECT_DELAYED", "CLOSED"]
    assert (closed.value, closed.reason) == (-1, "connect-failed")
    assert closed.detail == "Connection refused"
    assert retried.name == "CONNECT_RETRIED"
    assert 100 <= retried.value < 200
    world.run(retried.value / 1000)
    assert dialed.names() == ["CONNECT_DELAYED", "CLOSED", "CONNECT_RETRIED"]


@pytest.mark.parametrize(
    ("interval", "stop", "wanted"),
    [
        (-1, 0, ["CONNECT_DELAYED", "CLOSED", "GAVE_UP"]),
        (100, 1, ["CONNECT_DELAYED", "CLOSED", "GAVE_UP"]),
        (100, 2, ["CONNECT_DELAYED", "CLOSED", "CONNECT_RETRIED"]),
    ],
)
def test_who_does_not_dial_again_says_so(
    world: World, interval: int, stop: int, wanted: list[str]
) -> None:
    dialed = client(world, reconnect_ivl=interval, reconnect_stop=stop)
    world.run(0.1)
    assert dialed.names() == wanted


@pytest.mark.parametrize("stop", [0, 2])
def test_a_failed_handshake_is_the_end_where_reconnect_stop_asks_for_that(
    world: World, stop: int
) -> None:
    server(world)
    dialed = client(world, handshake_ivl=10, reconnect_stop=stop)
    world.run_until(lambda: len(dialed.queue.queued) >= 2)
    world.part("server", "client")
    world.run(0.2)
    failed = [event for event in dialed.taken() if event.name.startswith("HANDSHAKE_FAILED")]
    assert [(event.number, event.value) for event in failed] == [
        (Event.HANDSHAKE_FAILED_NO_DETAIL, ETIMEDOUT)
    ]
    assert bool(dialed.socket.core.pipes()) == (stop == 0)


def test_an_illegal_pair_is_told_at_both_ends(world: World) -> None:
    bound, dialed = server(world, REP), client(world, REP)
    world.run(1)
    told = bound.taken()
    assert [event.name for event in told] == [
        "LISTENING",
        "ACCEPTED",
        "HANDSHAKE_FAILED_PROTOCOL",
        "DISCONNECTED",
    ]
    assert (told[2].value, told[2].reason) == (
        Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA,
        "illegal-pair",
    )
    told = dialed.taken()
    assert [event.name for event in told] == [
        "CONNECT_DELAYED",
        "CONNECTED",
        "HANDSHAKE_FAILED_PROTOCOL",
        "DISCONNECTED",
        "GAVE_UP",
    ]
    assert told[2].reason == "error-command"
    assert bound.socket.core.stats().handshake_failures == 1
    assert dialed.socket.core.stats().handshake_failures == 1


def test_a_peer_that_the_socket_refuses_is_told(world: World) -> None:
    bound, _first = server(world), client(world, routing_id=b"C")
    world.run(1)
    bound.taken()
    client(world, routing_id=b"C", reconnect_ivl=-1)
    world.run(1)
    assert [(event.name, event.reason) for event in bound.taken()] == [
        ("ACCEPTED", ""),
        ("HANDSHAKE_FAILED_PROTOCOL", "duplicate-id"),
        ("DISCONNECTED", "duplicate-id"),
    ]


def test_an_endpoint_that_cannot_be_had_is_told(world: World) -> None:
    server(world)
    second = Watched(world, "server", ROUTER)
    with pytest.raises(EndpointError):
        second.socket.bind("tcp://*:5555")
    (failed,) = second.taken()
    assert (failed.name, failed.value, failed.endpoint) == (
        "BIND_FAILED",
        EADDRINUSE,
        "tcp://*:5555",
    )


def test_inproc_has_events_without_dialing(world: World) -> None:
    bound = Watched(world, "server", ROUTER)
    dialed = Watched(world, "server", DEALER, routing_id=b"C")
    dialed.socket.connect("inproc://there")
    bound.socket.bind("inproc://there")
    assert dialed.names() == ["HANDSHAKE_SUCCEEDED"]
    dialed.socket.close()
    told = bound.taken()
    assert [event.name for event in told] == ["HANDSHAKE_SUCCEEDED", "LISTENING", "DISCONNECTED"]
    assert [event.endpoint for event in told] == ["inproc://there"] * 3
    assert told[0].routing_id == b"C"
    # An illegal pair that meets late is told at both ends.
    late = Watched(world, "server", REP)
    late.socket.connect("inproc://late")
    other = Watched(world, "server", REP)
    other.socket.bind("inproc://late")
    for socket in (late, other):
        assert socket.names()[0] == "HANDSHAKE_FAILED_PROTOCOL"
        assert socket.socket.core.stats().handshake_failures == 1


def test_a_drop_is_told_with_its_message_and_how_many_there_were(world: World) -> None:
    seen: list[SocketEvent] = []

    class Kept(Instrument):
        def happened(self, event: SocketEvent) -> None:
            seen.append(event)

    bound = server(world)
    bound.taken()
    bound.socket.core.add_instrument(Kept())
    bound.socket.send(b"nobody", b"one")
    bound.socket.send(b"nobody", b"two")
    assert [(event.reason, event.value, event.message) for event in seen] == [
        ("unknown-id", 1, [b"nobody", b"one"]),
        ("unknown-id", 2, [b"nobody", b"two"]),
    ]
    # A queue does not keep what was dropped alive.
    assert [event.message for event in bound.taken()] == [[], []]


def test_only_wanted_events_are_told_and_the_end_always(world: World) -> None:
    seen: list[str] = []

    class Picky(Instrument):
        def wants(self, number: int) -> bool:
            return number == Event.ACCEPTED

        def happened(self, event: SocketEvent) -> None:
            seen.append(event.name)

    bound = Watched(world, "server", ROUTER)
    bound.socket.core.add_instrument(Picky())
    bound.socket.bind("tcp://*:5555")
    client(world)
    world.run(1)
    bound.socket.close()
    assert seen == ["ACCEPTED", "MONITOR_STOPPED"]
    with pytest.raises(SocketClosed):
        bound.socket.core.add_instrument(Picky())


def test_a_removed_instrument_sees_the_end_and_no_more(world: World) -> None:
    bound = server(world)
    bound.socket.core.remove_instrument(bound.queue)
    bound.socket.core.remove_instrument(bound.queue)
    client(world)
    world.run(1)
    assert bound.names() == ["LISTENING"]
    assert bound.queue.ended


class Closer(Instrument):
    """Closes the socket at the first event of a number."""

    def __init__(self, core: SocketCore, number: int) -> None:
        self.core = core
        self.number = number

    def wants(self, number: int) -> bool:
        return number == self.number

    def happened(self, event: SocketEvent) -> None:
        self.core.close(0)


@pytest.mark.parametrize("closes", ["client", "server"])
@pytest.mark.parametrize(
    "number", [Event.CONNECTED, Event.ACCEPTED, Event.HANDSHAKE_SUCCEEDED, Event.DISCONNECTED]
)
def test_a_socket_that_closes_while_it_tells_has_ended(
    world: World, number: int, closes: str
) -> None:
    one, other = client(world).socket.core, server(world).socket.core
    if closes == "server":
        one, other = other, one
    one.add_instrument(Closer(one, number))
    world.run(1.0)
    other.close(0)
    world.run(1.0)
    told_by_the_other = Event.ACCEPTED if closes == "client" else Event.CONNECTED
    assert one.ended == (number != told_by_the_other)


def test_a_full_queue_counts_what_it_misses(world: World) -> None:
    bound = Watched(world, "server", ROUTER)
    few = EventQueue(2)
    bound.socket.core.add_instrument(few)
    bound.socket.bind("tcp://*:5555")
    client(world)
    world.run(1)
    assert [event.name for event in few.queued] == ["LISTENING", "ACCEPTED"]
    assert few.missed == 1
    few.take()
    bound.socket.close()
    assert [event.name for event in few.queued] == ["ACCEPTED", "CLOSED"]
    assert few.missed == 2
    assert few.ended


@pytest.mark.parametrize(
    ("reason", "detail", "number", "value"),
    [
        ("peer-closed", "", Event.HANDSHAKE_FAILED_NO_DETAIL, EPIPE),
        ("connection-lost", "", Event.HANDSHAKE_FAILED_NO_DETAIL, ECONNRESET),
        ("zap-no-handler", "", Event.HANDSHAKE_FAILED_NO_DETAIL, EFAULT),
        ("zap-400", "", Event.HANDSHAKE_FAILED_AUTH, 400),
        ("error-command", "500", Event.HANDSHAKE_FAILED_AUTH, 500),
        (
            "error-command",
            "501",
            Event.HANDSHAKE_FAILED_PROTOCOL,
            Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED,
        ),
        (
            "cryptographic",
            "",
            Event.HANDSHAKE_FAILED_PROTOCOL,
            Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC,
        ),
        (
            "mechanism-mismatch",
            "",
            Event.HANDSHAKE_FAILED_PROTOCOL,
            Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
        ),
        (
            "never-heard-of",
            "",
            Event.HANDSHAKE_FAILED_PROTOCOL,
            Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED,
        ),
    ],
)
def test_reasons_have_libzmqs_codes(reason: str, detail: str, number: int, value: int) -> None:
    assert handshake_failure(ProtocolError(reason, detail)) == (number, value)


def test_what_happens_is_the_same_whatever_the_network_does() -> None:
    """Over a network that fails, events of each side follow one another as they must."""
    follows = {
        "CONNECT_DELAYED": {"CONNECTED", "CLOSED"},
        "CONNECTED": {"HANDSHAKE_SUCCEEDED", "HANDSHAKE_FAILED_NO_DETAIL"},
        "HANDSHAKE_SUCCEEDED": {"DISCONNECTED"},
        "HANDSHAKE_FAILED_NO_DETAIL": {"DISCONNECTED"},
        "DISCONNECTED": {"CONNECT_RETRIED"},
        "CLOSED": {"CONNECT_RETRIED"},
        "CONNECT_RETRIED": {"CONNECT_DELAYED"},
    }
    for seed in range(8):
        world = World(seed, Faults(refuse=0.3, cut=0.05, fragment=7))
        world.machine("server")
        server(world)
        dialed = client(world, reconnect_ivl=10, heartbeat_ivl=50)
        world.run(5)
        names = dialed.names()
        assert len(names) > 20
        for one, other in itertools.pairwise(names):
            assert other in follows[one], (seed, one, other)
