"""The chapter's programs around the ROUTER: identities, errors, bosses and workers."""

import re
from typing import Final

import pytest

from .conftest import Endpoints
from .programs import run

_DASHES: Final = "-" * 40


def test_a_router_names_its_peers(endpoint: Endpoints) -> None:
    lines = run("identity", endpoint("identity"))
    assert re.fullmatch(r"\[005\] 00[0-9A-F]{8}", lines.pop(1))
    assert lines == [
        _DASHES,
        "[000] ",
        "[039] ROUTER uses a generated 5 byte identity",
        _DASHES,
        "[005] PEER2",
        "[000] ",
        "[040] ROUTER socket uses REQ's socket identity",
    ]


def test_a_router_drops_or_says_so(endpoint: Endpoints) -> None:
    lines = run("router_errors", endpoint("errors"))
    assert lines[:9] == [
        "By default, for a peer that is not there:",
        "  dropped, unknown-id:",
        "    [006] NOBODY",
        "    [005] Hello",
        "  counted: {'unknown-id': 1}",
        "Mandatory, for a peer that is not there:",
        "  HostUnreachable: Host unreachable: peer 'NOBODY': unknown-id",
        "Mandatory, for a peer that is there:",
        "  Hello",
    ]
    assert lines[9] == "Mandatory, for a peer that reads nothing:"
    assert lines[10].startswith("  Again: ")


@pytest.mark.parametrize("program", ["rtreq", "rtdealer", "rtmixed"])
def test_a_boss_hands_out_work_until_all_are_fired(program: str, endpoint: Endpoints) -> None:
    lines = run(program, endpoint("boss"), "--seconds", 0.5, "--slowest", 0.05)
    counts = [int(line.removeprefix("Completed: ").removesuffix(" tasks")) for line in lines]
    assert len(counts) == 10
    # Twenty tasks each, on average; on a busy machine fewer.
    assert sum(counts) >= 20


def test_legal_pairs_talk_and_illegal_ones_are_told_why(endpoint: Endpoints) -> None:
    lines = run("combinations", endpoint("pairs"))
    assert lines == [
        "REQ and REP:",
        "  REP speaks first: StateError: this REP has no request to answer: receive one first",
        "  REQ listens first: StateError: this REQ has no request under way: send one first",
        "  REQ speaks twice: StateError: this REQ has sent a request: receive its reply first",
        "  REP hears Hello",
        "  REP listens twice: StateError: this REP has a request to answer: send the reply first",
        "  REQ hears World",
        "DEALER and REP:",
        "  REP drops a message: wrong-envelope",
        "  DEALER hears [000] ",
        "  DEALER hears [007] World 0",
        "  DEALER hears [000] ",
        "  DEALER hears [007] World 1",
        "REQ and ROUTER:",
        "  ROUTER hears, behind the id, [000] ",
        "  ROUTER hears, behind the id, [005] Hello",
        "  REQ hears World",
        "DEALER and ROUTER:",
        "  DEALER hears World",
        "  DEALER hears and more",
        "DEALER and DEALER:",
        "  DEALER hears Hello",
        "  DEALER hears World",
        "  DEALER hears and more",
        "ROUTER and ROUTER:",
        "  ROUTER hears [b'LEFT', b'Hello']",
        "  ROUTER hears [b'RIGHT', b'World']",
        "REQ and REQ:",
        "  no: both start by sending a request and neither answers",
        "REQ and DEALER:",
        "  no: a DEALER cannot address a reply to one REQ among several",
        "REP and REP:",
        "  no: both wait for a request and neither starts",
        "REP and ROUTER:",
        "  no: a ROUTER would have to know the REP's routing id to start",
    ]
