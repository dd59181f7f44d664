"""Text and bytes, as pyzmq casts them."""

from collections.abc import Callable
from types import ModuleType

import pytest

Either = Callable[[str], ModuleType]
pytestmark = pytest.mark.filterwarnings("ignore:zmq.utils.strtypes:DeprecationWarning")


def test_casts(either_module: Either) -> None:
    strtypes = either_module("strtypes")
    assert strtypes.cast_bytes("\xe9") == strtypes.cast_bytes(b"\xc3\xa9") == b"\xc3\xa9"
    assert strtypes.cast_unicode("\xe9") == strtypes.cast_unicode(b"\xc3\xa9") == "\xe9"
    assert strtypes.cast_bytes("\xe9", "latin1") == b"\xe9"
    assert strtypes.cast_unicode(b"\xff", errors="replace") == "\ufffd"


def test_what_cannot_be_cast(either_module: Either) -> None:
    strtypes = either_module("strtypes")
    for value in (3, None, bytearray(b"x")):
        with pytest.raises(TypeError):
            strtypes.cast_bytes(value)
        with pytest.raises(TypeError):
            strtypes.cast_unicode(value)
    with pytest.raises(UnicodeDecodeError):
        strtypes.cast_unicode(b"\xff")


def test_names(either_module: Either) -> None:
    strtypes = either_module("strtypes")
    assert (strtypes.bytes, strtypes.unicode, strtypes.basestring) == (bytes, str, (str,))
    assert strtypes.b is strtypes.asbytes is strtypes.cast_bytes
    assert strtypes.u is strtypes.cast_unicode
    assert set(strtypes.__all__) == {
        *("asbytes", "b", "basestring", "bytes", "cast_bytes", "cast_unicode", "u", "unicode")
    }
