"""The trie agrees with a plain list of subscriptions, at any length, number and order."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.trie import SubscriptionTrie, cancel, is_change, subscribe

OPTIONS = SocketOptions()


def new_pipes(count: int) -> list[Pipe]:
    return [Pipe(OPTIONS) for _ in range(count)]


def topics() -> st.SearchStrategy[bytes]:
    """Topics that share beginnings, about as long as some steps of the trie."""
    return st.builds(
        lambda start, size, end: start * size + end,
        st.sampled_from([b"a", b"ab"]),
        st.sampled_from([0, 1, 15, 16, 17, 31, 32, 33, 64, 100]),
        st.sampled_from([b"", b"a", b"b", b"xy"]),
    )


@given(
    st.lists(st.tuples(st.sampled_from(["add", "remove", "leave"]), topics(), st.integers(0, 3))),
    st.lists(topics(), max_size=10),
)
def test_it_agrees_with_a_list(steps: list[tuple[str, bytes, int]], published: list[bytes]) -> None:
    trie, pipes = SubscriptionTrie(), new_pipes(4)
    held: list[tuple[bytes, int]] = []

    def owners(prefix: bytes) -> int:
        return sum(1 for topic, _ in held if topic == prefix)

    for action, prefix, who in steps:
        if action == "add":
            assert trie.add(prefix, pipes[who]) == (owners(prefix) == 0)
            if (prefix, who) not in held:
                held.append((prefix, who))
        elif action == "remove":
            known = (prefix, who) in held
            if known:
                held.remove((prefix, who))
            assert trie.remove(prefix, pipes[who]) == (known and owners(prefix) == 0)
        else:
            mine = [topic for topic, owner in held if owner == who]
            held = [pair for pair in held if pair[1] != who]
            assert trie.prefixes(pipes[who]) == mine
            gone = trie.remove_subscriber(pipes[who])
            assert gone == [topic for topic in mine if owners(topic) == 0]
        assert trie.topics == len({topic for topic, _ in held})
        mine = [topic for topic, owner in held if owner == who]
        assert trie.count(pipes[who]) == len(mine)
        assert trie.octets(pipes[who]) == sum(map(len, mine))
    for topic in published:
        expected = {who for prefix, who in held if topic.startswith(prefix)}
        found = trie.match(topic)
        assert len(found) == len(set(found))
        assert {pipes.index(pipe) for pipe in found} == expected
        assert trie.matches(topic) == bool(expected)


def test_the_empty_prefix_matches_all() -> None:
    trie, (pipe,) = SubscriptionTrie(), new_pipes(1)
    assert not trie.matches(b"")
    trie.add(b"", pipe)
    assert trie.match(b"") == trie.match(b"x" * 1000) == [pipe]
    assert trie.holds(b"", pipe)
    assert not trie.holds(b"x", pipe)


def test_prefixes_are_binary_and_compared_octet_by_octet() -> None:
    trie, (pipe,) = SubscriptionTrie(), new_pipes(1)
    trie.add(b"\x00\xff", pipe)
    assert trie.matches(b"\x00\xff\x00")
    assert not trie.matches(b"\x00\xfe")
    assert not trie.matches(b"\x00")


@pytest.mark.parametrize("leaves_one_by_one", [True, False])
def test_cve_2021_20236_a_topic_inside_another_4096_deep(leaves_one_by_one: bool) -> None:
    """M5: every prefix of a long topic is subscribed to; nothing recurses, nothing is left."""
    trie, (pipe,) = SubscriptionTrie(), new_pipes(1)
    topic = bytes(i * 31 % 256 for i in range(4096))
    for size in range(len(topic) + 1):
        assert trie.add(topic[:size], pipe)
    assert trie.topics == 4097
    assert trie.match(topic) == [pipe]
    if leaves_one_by_one:
        for size in range(len(topic) + 1):
            assert trie.remove(topic[:size], pipe)
    else:
        assert len(trie.remove_subscriber(pipe)) == 4097
    assert trie.topics == 0
    assert not trie.matches(topic)


def cost(trie: SubscriptionTrie, published: list[bytes]) -> float:
    """Return how long it takes at best to match some topics, in seconds."""
    best = 1e9
    for _ in range(30):
        start = time.perf_counter()
        for topic in published:
            trie.match(topic)
        best = min(best, time.perf_counter() - start)
    return best


def test_matching_costs_as_much_with_many_topics_as_with_few() -> None:
    """A hundred times as many topics; a search through them would take as many times as long."""
    costs = []
    published = [b"sensor.%07d.value" % (n * 7919 % 1000) for n in range(500)]
    for count in (1_000, 100_000):
        trie, (pipe,) = SubscriptionTrie(), new_pipes(1)
        for number in range(count):
            trie.add(b"sensor.%07d" % number, pipe)
        costs.append(cost(trie, published))
    assert costs[1] < 3 * costs[0]


def test_the_words_of_subscriptions() -> None:
    assert subscribe(b"A") == b"\x01A"
    assert cancel(b"") == b"\x00"
    assert [is_change(part) for part in (b"\x01", b"\x00x", b"\x02", b"")] == [
        True,
        True,
        False,
        False,
    ]
