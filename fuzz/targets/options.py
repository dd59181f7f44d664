"""Options and Z85: a value is kept or refused, and a refusal never shows a secret.

The first byte says which option is set.
"""

from antiphon.errors import OptionError, OptionTypeError
from antiphon.keys import z85_decode, z85_encode
from antiphon.options import SPECS, SocketOptions

__all__ = ("check",)

_NUMBERS = sorted(SPECS)
_SECRETS = ("plain_password", "curve_secretkey")


def check(data: bytes) -> None:
    """Set an option to the bytes in each form that a program may give."""
    _check_z85(data)
    if not data:
        return
    number, value = _NUMBERS[data[0] % len(_NUMBERS)], data[1:]
    texts = (value.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
    for given in (value, bytearray(value), *texts, int.from_bytes(value, "big", signed=True)):
        _check_option(number, given)


def _check_z85(data: bytes) -> None:
    decoded = z85_decode(data)
    if decoded:
        assert z85_encode(decoded) == data
    whole = data[: len(data) & ~3]
    assert z85_decode(z85_encode(whole)) == whole


def _check_option(number: int, value: object) -> None:
    options = SocketOptions()
    spec = SPECS[number]
    try:
        options.set(number, value)
    except (OptionError, OptionTypeError) as error:
        if spec.attribute in _SECRETS and not isinstance(value, int) and len(str(value)) > 8:
            assert repr(value) not in str(error), "a refusal shows a secret"
        before = SocketOptions()
        assert getattr(options, spec.attribute, None) == getattr(before, spec.attribute, None)
        return
    if spec.readable:
        kept = options.get(number)
        again = SocketOptions()
        again.set(number, kept)
        assert again.get(number) == kept
