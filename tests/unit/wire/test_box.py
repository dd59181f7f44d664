"""Boxes: by PyNaCl's functions and by direct calls, the same."""

import sys

import nacl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.keys import nacl_library
from antiphon.wire.box import Box, DirectBox, make_box

KEY = bytes(range(32))
ONE, OTHER = b"prefix-number-01", b"prefix-number-02"


def boxes(sealing: bytes, opening: bytes) -> list[Box]:
    return [
        Box(KEY, sealing, opening),
        DirectBox(KEY, sealing, opening, nacl_library()),
    ]


@given(
    st.binary(min_size=1, max_size=300)
    | st.sampled_from([4079, 4080, 4081, 4096, 4097]).map(bytes),
    st.binary(min_size=8, max_size=8),
)
def test_both_ways_give_the_same(plain: bytes, nonce: bytes) -> None:
    first, second = (box.seal(plain, nonce) for box in boxes(ONE, OTHER))
    assert first == second
    for box in boxes(OTHER, ONE):
        assert box.open(first, nonce) == plain
        assert box.open(first[:-1] + bytes([first[-1] ^ 1]), nonce) is None
        assert box.open(first, bytes(8) if any(nonce) else b"x" * 8) is None
    for box in boxes(OTHER, OTHER):
        assert box.open(first, nonce) is None


@pytest.mark.parametrize("size", [0, 1, 15, 16])
def test_what_is_too_short_holds_nothing(size: int) -> None:
    direct = DirectBox(KEY, ONE, ONE, nacl_library())
    assert direct.open(bytes(size), bytes(8)) is None


def test_another_inside_of_pynacl_is_made_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(make_box(KEY, ONE, OTHER)) is DirectBox
    monkeypatch.setitem(sys.modules, "nacl._sodium", None)
    monkeypatch.delattr(nacl, "_sodium")
    assert type(make_box(KEY, ONE, OTHER)) is Box
