"""The legal pairs of RFC 37 and chapter 3, both ways round, and why the others are none."""

from itertools import product

import pytest

from antiphon.wire.pairs import LEGAL_PAIRS, illegal_pair_reason

CHAPTER = {
    frozenset(pair)
    for pair in (
        (b"REQ", b"REP"),
        (b"DEALER", b"REP"),
        (b"REQ", b"ROUTER"),
        (b"DEALER", b"ROUTER"),
        (b"DEALER",),
        (b"ROUTER",),
    )
}
FAMILY = (b"REQ", b"REP", b"DEALER", b"ROUTER")
TYPES = tuple(LEGAL_PAIRS)
STRANGE = (*TYPES, b"", b"\x00\xff" * 200)


@pytest.mark.parametrize(("ours", "theirs"), list(product(FAMILY, FAMILY)))
def test_the_pairs_of_the_chapter(ours: bytes, theirs: bytes) -> None:
    """K1 to K7."""
    legal = frozenset((ours, theirs)) in CHAPTER
    assert (illegal_pair_reason(ours, theirs) is None) == legal


@pytest.mark.parametrize(("ours", "theirs"), list(product(TYPES, TYPES)))
def test_both_sides_agree(ours: bytes, theirs: bytes) -> None:
    assert (illegal_pair_reason(ours, theirs) is None) == (
        illegal_pair_reason(theirs, ours) is None
    )


@pytest.mark.parametrize(("ours", "theirs"), list(product(TYPES, STRANGE)))
def test_reasons_fit_an_error_command(ours: bytes, theirs: bytes) -> None:
    """Z13: at most 255 printable characters."""
    reason = illegal_pair_reason(ours, theirs)
    if reason is not None:
        assert 0 < len(reason) <= 255
        assert reason.isascii()
        assert reason.isprintable()


def test_reasons_are_those_of_the_chapter() -> None:
    assert illegal_pair_reason(b"REQ", b"REQ") == (
        "REQ cannot talk to REQ: both start by sending a request and neither answers"
    )
    assert illegal_pair_reason(b"REQ", b"PUB") == "REQ cannot talk to PUB: it talks to REP, ROUTER"
    assert illegal_pair_reason(b"REQ", b"FAX") == "unknown socket type 'FAX'"
