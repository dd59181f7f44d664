"""What the peering brokers know of each other: whom a task is given to, and which come back."""

from peering import Delegated, LastHeard, PerPeer, Place

from antiphon import Message

EAST, WEST = b"EAST", b"WEST"


def test_plain_brokers_know_one_number_whoever_has_said_it() -> None:
    """As in the chapter: one that has said zero may be chosen, for another's number (S6)."""
    capacity = LastHeard()
    assert capacity.choose([EAST, WEST], 0.0) is None
    capacity.heard(EAST, 0, 0.0)
    capacity.heard(WEST, 3, 0.0)
    assert {capacity.choose([EAST, WEST], 0.0) for _ in range(100)} == {EAST, WEST}
    capacity.given(WEST)
    assert capacity.choose([EAST], 1000.0) == EAST
    capacity.heard(WEST, 0, 0.0)
    assert capacity.choose([EAST, WEST], 0.0) is None


def test_reliable_brokers_know_a_number_for_each_that_counts_down_and_expires() -> None:
    """The one with the most room is next; silence is no room (S12)."""
    capacity = PerPeer(expiry=1.0)
    peers = [EAST, WEST]
    assert capacity.choose(peers, 0.0) is None
    capacity.heard(EAST, 2, 0.0)
    capacity.heard(WEST, 1, 0.5)
    assert capacity.choose(peers, 0.5) == EAST
    capacity.given(EAST)
    capacity.given(EAST)
    assert capacity.choose(peers, 0.5) == WEST
    capacity.given(WEST)
    assert capacity.choose(peers, 0.5) is None
    capacity.heard(EAST, 5, 1.0)
    assert capacity.choose(peers, 1.9) == EAST
    assert capacity.choose(peers, 2.0) is None


def test_tasks_of_brokers_that_have_gone_are_taken_back_once() -> None:
    """Whatever was given away comes back once: as a reply, or to be done by others."""
    delegated = Delegated()
    tasks = [Message("CLIENT", "", str(number)) for number in range(3)]
    given = [
        delegated.give(peer, task) for peer, task in zip((EAST, WEST, EAST), tasks, strict=True)
    ]
    assert [list(message)[1:] for message in given] == [list(task) for task in tasks]
    assert len(delegated) == 3
    reply = given[0].copy()
    assert delegated.answered(reply)
    assert reply == tasks[0]
    assert delegated.take_back({WEST}) == [tasks[2]]
    assert delegated.take_back({WEST}) == []
    # The answer of a broker that was only slow is late.
    assert not delegated.answered(given[2].copy())
    assert delegated.take_back(set()) == [tasks[1]]
    assert len(delegated) == 0


def test_a_place_has_files_or_five_ports() -> None:
    assert Place("DC1").endpoint("cloud") == "ipc://DC1-cloud.ipc"
    place = Place("DC1=127.0.0.1:6000")
    roles = ("state", "cloud", "localfe", "localbe", "monitor")
    assert place.id == b"DC1"
    assert [place.endpoint(role) for role in roles] == [
        f"tcp://127.0.0.1:{port}" for port in range(6000, 6005)
    ]
