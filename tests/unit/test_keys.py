"""Keys: pairs of them, the primitives that PyNaCl offers, and what happens without PyNaCl."""

import sys

import pytest

from antiphon import keys
from antiphon.constants import SocketOption
from antiphon.errors import OptionError
from antiphon.options import SocketOptions

# RFC 7748, section 6.1, and what the NaCl paper makes of it.
BOB = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
BOB_PUBLIC = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
ALICE_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
SHARED = bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
FIRST_KEY = bytes.fromhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
NONCE = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
MESSAGE = bytes.fromhex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129"
    "6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde"
    "048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705"
)
TAG = bytes.fromhex("f3ffc7703f9400e52a7dfb4b3d3305d9")


def test_the_primitives_are_those_of_the_papers() -> None:
    """C1."""
    nacl = keys.nacl_bindings()
    assert keys.public_key(BOB) == BOB_PUBLIC
    assert nacl.crypto_scalarmult(BOB, ALICE_PUBLIC) == SHARED
    assert nacl.crypto_box_beforenm(ALICE_PUBLIC, BOB) == FIRST_KEY
    box = nacl.crypto_box_afternm(MESSAGE, NONCE, FIRST_KEY)
    assert box[:16] == TAG
    assert nacl.crypto_box_open_afternm(box, NONCE, FIRST_KEY) == MESSAGE
    secret_box = nacl.crypto_secretbox(MESSAGE, NONCE, FIRST_KEY)
    assert secret_box == box


def test_a_pair_is_a_pair() -> None:
    public, secret = keys.make_key_pair()
    assert keys.public_key(secret) == public
    assert keys.make_key_pair()[1] != secret


@pytest.mark.parametrize(
    "option",
    [
        SocketOption.CURVE_SERVER,
        SocketOption.CURVE_PUBLICKEY,
        SocketOption.CURVE_SECRETKEY,
        SocketOption.CURVE_SERVERKEY,
    ],
)
def test_without_pynacl_the_option_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, option: SocketOption
) -> None:
    monkeypatch.setitem(sys.modules, "nacl.bindings", None)
    monkeypatch.setitem(sys.modules, "nacl", None)
    assert not keys.curve_available()
    options = SocketOptions()
    value: object = 1 if option == SocketOption.CURVE_SERVER else BOB
    with pytest.raises(OptionError, match=r"pip install antiphon\[curve\]") as caught:
        options.set(option, value)
    assert caught.value.option == option.name
    assert options.mechanism == 0
    options.set(option, 0 if option == SocketOption.CURVE_SERVER else None)
