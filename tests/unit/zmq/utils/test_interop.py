"""Addresses of sockets, as pyzmq casts them."""

import re
from collections.abc import Callable
from types import ModuleType

import pytest


def test_a_number_is_an_address_and_nothing_else(
    either_module: Callable[[str], ModuleType],
) -> None:
    cast = either_module("interop").cast_int_addr
    assert cast(3) == 3
    for value in ("3", None, object()):
        with pytest.raises(ValueError, match=re.escape(repr(value))):
            cast(value)
