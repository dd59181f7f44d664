"""The constants and error numbers: each name of pyzmq with its value, and few others."""

import enum

import pytest
import zmq as theirs
import zmq.constants as their_constants

import antiphon
import antiphon.zmq as ours
from antiphon.zmq import constants, error

OWN = {"MAX_FRAMES", "RCVHWM_BYTES", "SNDHWM_BYTES"}
CONSTANTS = sorted(
    name
    for name in their_constants.__all__
    if not isinstance(getattr(their_constants, name), enum.EnumMeta)
)


ENUMS = sorted(
    name
    for name in their_constants.__all__
    if isinstance(getattr(their_constants, name), enum.EnumMeta)
    and getattr(their_constants, name).__module__ == their_constants.__name__
)


@pytest.mark.parametrize("module", [ours, error, constants], ids=lambda module: module.__name__)
def test_every_error_number_of_pyzmq_is_exported(module: object) -> None:
    names = vars(module)["__all__"]
    for member in theirs.Errno:
        assert getattr(module, member.name) == member.value == getattr(theirs, member.name)
        assert member.name in names
    assert "Errno" in names


def test_error_numbers_are_an_enum_and_what_exceptions_carry() -> None:
    assert ours.Errno.EAGAIN == ours.EAGAIN == ours.Again().errno
    assert ours.StateError().errno == ours.EFSM
    assert ours.Errno(ours.ETERM) is ours.Errno.ETERM
    assert {member.name: member.value for member in ours.Errno} == {
        member.name: member.value for member in theirs.Errno
    }


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_constant_of_pyzmq_has_its_value(name: str) -> None:
    assert getattr(ours, name) == getattr(theirs, name)
    assert name in ours.__all__


def test_no_constant_is_exported_that_pyzmq_does_not_have() -> None:
    assert {name for name in ours.__all__ if name.isupper()} - set(theirs.__all__) == OWN
    assert not {"ACCEPTED", "ALL", "CLOSED", "CONNECT", "CONNECTED"} & set(vars(ours))
    assert len(ours.__all__) == len(set(ours.__all__))


def test_versions() -> None:
    assert ours.__version__ == antiphon.__version__
    assert ours.zmq_version_info() == theirs.zmq_version_info()
    assert ours.pyzmq_version().split(".") == [str(part) for part in ours.pyzmq_version_info()]
    assert ours.pyzmq_version_info() >= (27, 0, 0)
    assert ours.IPC_PATH_MAX_LEN == theirs.IPC_PATH_MAX_LEN


@pytest.mark.parametrize("name", ENUMS)
def test_every_enum_of_pyzmq_has_its_members(name: str) -> None:
    their_enum, our_enum = getattr(theirs, name), getattr(ours, name)
    assert name in ours.__all__
    assert our_enum.__mro__[1:] == their_enum.__mro__[1:]
    assert {repr(member) for member in our_enum} == {repr(member) for member in their_enum}
    assert set(our_enum.__members__) == set(their_enum.__members__)
    for alias, member in their_enum.__members__.items():
        assert our_enum[alias].name == member.name


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_members_of_the_same_enum(name: str) -> None:
    assert repr(getattr(constants, name)) == repr(getattr(their_constants, name))
