"""Hello World and the extended envelope: what the chapter draws is what goes over the wire."""

import pytest

from .conftest import Endpoints
from .programs import run


def test_a_request_and_a_reply_are_two_frames_each(endpoint: Endpoints) -> None:
    assert run("hello", endpoint("hello")) == [
        "REP hears Hello",
        "REQ hears World",
        "A request on the wire:",
        "[000] ",
        "[005] Hello",
        "A reply on the wire:",
        "[000] ",
        "[005] World",
    ]


def test_one_proxy_adds_one_address(endpoint: Endpoints) -> None:
    assert run("extended", endpoint("extended")) == [
        "Hop 1, request:",
        "    [003] ABC",
        "    [000] ",
        "    [005] Hello",
        "Server hears Hello",
        "Hop 1, reply:",
        "    [003] ABC",
        "    [000] ",
        "    [005] World",
        "Client hears World",
    ]


@pytest.mark.parametrize("hops", [0, 2, 5])
def test_any_number_of_proxies_adds_as_many(hops: int) -> None:
    lines = run("extended", "inproc://extended", "--hops", hops, "--body", "")
    assert lines[-1] == "Client hears World"
    assert "Server hears " in lines
    addresses = ["ABC", *(f"HOP{number}" for number in range(1, hops))]
    expected: list[str] = []
    for number in range(1, hops + 1):
        frames = [*reversed(addresses[:number]), "", ""]
        expected += [f"Hop {number}, request:", *(f"    [{len(f):03d}] {f}" for f in frames)]
    assert lines[: len(expected)] == expected
