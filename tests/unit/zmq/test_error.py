"""The exceptions under pyzmq's names: their bases, what they are made of and what they show."""

import copy
from typing import Any

import pytest
import zmq.error as theirs

import antiphon.zmq as ours
from antiphon.zmq import error

NAMES = [name for name in theirs.__all__ if isinstance(getattr(theirs, name), type)]
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "DraftFDWarning": ("text",),
    "ZMQError": (ours.EFSM,),
    "ZMQVersionError": ("9.9.9",),
}


@pytest.mark.parametrize("name", theirs.__all__)
def test_every_name_of_pyzmq_is_there(name: str) -> None:
    assert name in error.__all__
    assert name in ours.__all__
    assert getattr(ours, name) is getattr(error, name)


@pytest.mark.parametrize("name", NAMES)
def test_bases_are_those_of_pyzmq(name: str) -> None:
    bases = [base.__name__ for base in getattr(theirs, name).__mro__]
    assert [base.__name__ for base in getattr(error, name).__mro__] == bases


@pytest.mark.parametrize("name", NAMES)
def test_they_say_what_pyzmq_s_say(name: str) -> None:
    args = ARGUMENTS.get(name, ())
    made, expected = getattr(error, name)(*args), getattr(theirs, name)(*args)
    # pyzmq adds whom to tell when a call was interrupted.
    assert str(expected).startswith(str(made))
    assert getattr(made, "errno", None) == getattr(expected, "errno", None)
    again = copy.copy(made)
    assert (str(again), again.args) == (str(made), made.args)


def test_the_errno_is_kept_whatever_is_given() -> None:
    for module in (theirs, error):
        assert module.ZMQError(ours.EFSM).errno == ours.EFSM
        assert module.ZMQError(ours.EFSM, "text").strerror == "text"
        assert module.Again(5).errno == ours.EAGAIN
        assert module.ContextTerminated(5).errno == ours.ETERM
        assert module.InterruptedSystemCall(5).errno == error.InterruptedSystemCall().errno
