"""Boxes: by PyNaCl's functions and by direct calls, the same."""

import sys
from types import SimpleNamespace

import nacl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import _sodium

from antiphon.keys import nacl_library
from antiphon.wire.box import MESSAGE, NOT_THE_PEERS, Box, DirectBox, make_box

KEY = bytes(range(32))
ONE, OTHER = b"prefix-number-01", b"prefix-number-02"


def boxes(sealing: bytes, opening: bytes) -> list[Box]:
    return [
        Box(KEY, sealing, opening),
        DirectBox(KEY, sealing, opening, nacl_library()),
    ]


@given(
    st.integers(0, 255),
    st.binary(max_size=300) | st.sampled_from([4062, 4063, 4064, 4096, 70_000]).map(bytes),
    st.binary(min_size=8, max_size=8),
)
def test_both_ways_give_the_same(flags: int, body: bytes, nonce: bytes) -> None:
    first, second = (box.seal(flags, body, nonce) for box in boxes(ONE, OTHER))
    assert first == second
    assert first.startswith(MESSAGE + nonce)
    for box in boxes(OTHER, ONE):
        assert box.open(first, nonce) == (flags, body)
        assert box.open(first[:-1] + bytes([first[-1] ^ 1]), nonce) == NOT_THE_PEERS
        assert box.open(first, bytes(8) if any(nonce) else b"x" * 8) == NOT_THE_PEERS
    for box in boxes(OTHER, OTHER):
        assert box.open(first, nonce) == NOT_THE_PEERS


@pytest.mark.parametrize("size", [16, 17, 31, 32, 33])
def test_what_is_too_short_holds_nothing(size: int) -> None:
    for box in boxes(ONE, ONE):
        assert box.open(bytes(size), bytes(8)) == NOT_THE_PEERS


def test_another_inside_of_pynacl_is_made_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(make_box(KEY, ONE, OTHER)) is DirectBox
    monkeypatch.setitem(sys.modules, "nacl._sodium", None)
    monkeypatch.delattr(nacl, "_sodium")
    assert type(make_box(KEY, ONE, OTHER)) is Box


@pytest.mark.parametrize("name", ["crypto_box_afternm", "crypto_box_open_afternm"])
def test_a_pynacl_without_one_of_the_functions_is_made_do_without(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other = SimpleNamespace(ffi=_sodium.ffi, lib=SimpleNamespace(**{name: None}))
    monkeypatch.setitem(sys.modules, "nacl._sodium", other)
    monkeypatch.setattr(nacl, "_sodium", other)
    assert type(make_box(KEY, ONE, OTHER)) is Box
