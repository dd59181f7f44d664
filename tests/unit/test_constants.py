"""The constants: each name and value against the installed pyzmq."""

import enum

import pytest
import zmq.constants as theirs

from antiphon import constants as ours

ENUMS = [
    "ContextOption",
    "DeviceType",
    "Event",
    "Flag",
    "MessageOption",
    "NormMode",
    "PollEvent",
    "ReconnectStop",
    "RouterNotify",
    "SecurityMechanism",
    "SocketOption",
    "SocketType",
]


def members(module: object, name: str) -> dict[str, int]:
    kind: type[enum.IntEnum] = getattr(module, name)
    return {member: int(value) for member, value in kind.__members__.items()}


@pytest.mark.parametrize("name", ENUMS)
def test_names_and_values_are_those_of_pyzmq(name: str) -> None:
    assert members(ours, name) == members(theirs, name)


def test_every_enum_of_pyzmq_is_here() -> None:
    kinds = {
        name
        for name, value in vars(theirs).items()
        if isinstance(value, enum.EnumMeta) and value.__module__ == theirs.__name__
    }
    assert {kind for kind in kinds if not kind.startswith("_")} - {"Errno"} == set(ENUMS)


def test_wire_names() -> None:
    assert ours.SOCKET_TYPE_NAMES[3] == b"REQ"
    assert ours.SOCKET_TYPE_NAMES[5] == b"DEALER"
    assert len(ours.SOCKET_TYPE_NAMES) == 21
    assert sorted(ours.SOCKET_TYPE_NAMES) == list(range(21))


def test_own_options_do_not_collide_with_libzmq() -> None:
    numbers = {int(option) for option in ours.SocketOption}
    assert not numbers & {int(option) for option in ours.OwnOption}
    assert min(int(option) for option in ours.OwnOption) > 10_000


def test_mechanism_code_is_the_security_mechanism() -> None:
    assert ours.MechanismCode is ours.SecurityMechanism
    assert all(hasattr(ours, name) for name in ours.__all__)
