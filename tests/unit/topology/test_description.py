"""Descriptions: what they may say, and one clear line for whatever else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.topology import TopologyError, read_topology


def described(body: str) -> str:
    return f'[[socket]]\nname = "a"\ntype = "REQ"\n{body}\n'


def test_every_key_is_taken() -> None:
    text = (
        '[[socket]]\nname = "r"\ntype = "ROUTER"\ncount = 2\nbind = ["tcp://*:5555"]\n'
        'connect = "ipc:///run/x"\nrouting_id = "R"\nconnect_routing_id = "S"\n'
        "probe_router = true\nstarts = true\n"
    )
    (plan,) = read_topology(text).sockets
    assert (plan.name, plan.type, plan.count) == ("r", "ROUTER", 2)
    assert [endpoint.text for endpoint in plan.binds] == ["tcp://*:5555"]
    assert [endpoint.text for endpoint in plan.connects] == ["ipc:///run/x"]
    assert (plan.routing_id, plan.connect_routing_id) == ("R", "S")
    assert plan.probe_router
    assert plan.starts


def test_what_is_left_out_has_a_default() -> None:
    (plan,) = read_topology(described("")).sockets
    assert (plan.count, plan.binds, plan.connects, plan.routing_id) == (1, [], [], "")
    assert not plan.probe_router
    assert not plan.starts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[socket]", ["TOML"]),
        ("", ["no socket", "[[socket]]"]),
        ("socket = 1", ["[[socket]]"]),
        ("socket = [1]", ["[[socket]]"]),
        ("sockets = 1", ["'sockets'", "[[socket]]"]),
        ('[[socket]]\ntype = "REQ"', ["socket 1", "name is missing"]),
        ('[[socket]]\nname = "a"\ntype = "RAQ"', ["'a'", "'RAQ'", "REQ, ROUTER"]),
        (described("") + described(""), ["'a'", "another socket"]),
        (described("bin = []"), ["'a'", "'bin'", "bind"]),
        (described("count = 0"), ["count", "from 1", "0"]),
        (described("count = true"), ["count", "from 1"]),
        (described("starts = 1"), ["starts", "true or false"]),
        (described("routing_id = 1"), ["routing_id", "quotes"]),
        (described("bind = 1"), ["bind", "list"]),
        (described("bind = [1]"), ["bind", "quotes"]),
        (described('bind = ["tcp://x"]'), ["bind", "'tcp://x'", "port"]),
        (described('connect = ["foo://x"]'), ["connect", "foo", "tcp"]),
    ],
)
def test_what_is_wrong_is_named_with_the_remedy(text: str, words: list[str]) -> None:
    with pytest.raises(TopologyError) as caught:
        read_topology(text)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_topology_or_refused(text: str) -> None:
    with contextlib.suppress(TopologyError):
        read_topology(text)
