"""The exceptions: their numbers, their texts, and that they survive copy and pickle."""

import copy
import pickle

import pytest
import zmq as pyzmq

from antiphon import errors
from antiphon.errors import (
    EAGAIN,
    EFSM,
    EHOSTUNREACH,
    EINTR,
    EINVAL,
    ENOENT,
    ENOTSOCK,
    ETERM,
    Again,
    AuthenticationError,
    ContextTerminated,
    EndpointError,
    ForkedError,
    HandshakeError,
    HostUnreachable,
    InterruptedSystemCall,
    NotDone,
    OperationNotSupported,
    OptionError,
    OptionTypeError,
    ProtocolError,
    SocketClosed,
    StateError,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    error_for,
    strerror,
)

SAMPLES: list[Exception] = [
    ZMQError(),
    ZMQError(EINVAL),
    ZMQError(errno=EINVAL, msg="no"),
    ZMQBindError("no port"),
    NotDone(),
    ContextTerminated(),
    Again(),
    Again(msg="no peer has room"),
    InterruptedSystemCall(),
    InterruptedSystemCall(4, "ignored"),
    ZMQVersionError(min_version="4.4.0"),
    StateError(),
    StateError(msg="receive first"),
    OperationNotSupported(),
    OperationNotSupported(msg="a PULL never sends"),
    HostUnreachable(routing_id=b"\0abc", reason="unknown-peer"),
    OptionError(option="SNDHWM", value=-1, fix="use 0"),
    OptionTypeError("SNDHWM", "x"),
    EndpointError(EINVAL, endpoint="tcp://", why="no port"),
    SocketClosed(),
    ForkedError(),
    HandshakeError("tcp://here:1", "illegal-pair", "both start"),
    AuthenticationError("tcp://here:1", "error-command", "its status is 400"),
    ProtocolError(reason="bad-length", detail="too long"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=repr)
def test_survives_copy_and_pickle(error: Exception) -> None:
    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert repr(twin) == repr(error)
        assert vars(twin) == vars(error)


@pytest.mark.parametrize(
    "name", [e.name for e in pyzmq.Errno if hasattr(errors, e.name)] + ["EFSM", "ETERM"]
)
def test_numbers_and_texts_are_those_of_libzmq(name: str) -> None:
    number = getattr(errors, name)
    assert number == pyzmq.Errno[name]
    assert strerror(number) == pyzmq.strerror(number)


def test_every_errno_of_pyzmq_is_here() -> None:
    assert [e.name for e in pyzmq.Errno if not hasattr(errors, e.name)] == []


# DraftFDWarning warns of a defect that only libzmq has.
@pytest.mark.parametrize("name", [n for n in pyzmq.error.__all__ if n != "DraftFDWarning"])
def test_every_exception_of_pyzmq_is_here(name: str) -> None:
    theirs = [c.__name__ for c in getattr(pyzmq.error, name).__mro__]
    ours = [c.__name__ for c in getattr(errors, name).__mro__]
    assert ours == theirs


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (ContextTerminated(), ETERM),
        (Again(), EAGAIN),
        (InterruptedSystemCall(), EINTR),
        (StateError(), EFSM),
        (HostUnreachable(b"a", "unknown-peer"), EHOSTUNREACH),
        (OptionError("A"), EINVAL),
        (OptionTypeError("A"), EINVAL),
        (EndpointError(ENOENT, "tcp://a:1"), ENOENT),
        (SocketClosed(), ENOTSOCK),
        (ForkedError(), ENOTSOCK),
    ],
)
def test_each_class_has_its_number(error: ZMQError, number: int) -> None:
    assert error.errno == number
    assert isinstance(error, ZMQError)
    assert str(error) == error.strerror


def test_error_without_a_number() -> None:
    assert ZMQError().errno is None
    assert str(ZMQError(msg="why")) == "why"


def test_bases_for_except_clauses() -> None:
    assert issubclass(InterruptedSystemCall, InterruptedError)
    assert issubclass(OptionTypeError, TypeError)
    assert issubclass(ZMQVersionError, NotImplementedError)
    assert not issubclass(ProtocolError, ZMQError)
    assert issubclass(ProtocolError, ZMQBaseError)


def test_host_unreachable_shows_the_id_readably() -> None:
    assert str(HostUnreachable(b"PEER2", "gone")) == "Host unreachable: peer 'PEER2': gone"
    assert "0x006b8b4567" in str(HostUnreachable(bytes.fromhex("006b8b4567"), "gone"))
    assert "empty id" in str(HostUnreachable(b"", "gone"))


def test_option_error_names_option_value_and_fix() -> None:
    error = OptionError("SNDHWM", -1, "use 0 for no bound")
    assert (error.option, error.value, error.fix) == ("SNDHWM", -1, "use 0 for no bound")
    assert str(error) == "Invalid argument: option SNDHWM = -1: use 0 for no bound"


def test_long_values_are_cut() -> None:
    assert len(str(OptionError("HELLO_MSG", b"x" * 100_000))) < 300


def test_endpoint_error_names_endpoint_and_reason() -> None:
    error = EndpointError(EINVAL, "tcp://a", "no port")
    assert (error.endpoint, error.why) == ("tcp://a", "no port")
    assert str(error) == "Invalid argument: 'tcp://a' (no port)"


def test_protocol_error() -> None:
    error = ProtocolError("bad-length", "a frame too long")
    assert (error.reason, error.detail) == ("bad-length", "a frame too long")
    assert str(error) == "bad-length: a frame too long"
    assert str(ProtocolError("closed")) == "closed"


def test_version_error_reads_as_in_pyzmq() -> None:
    assert str(ZMQVersionError("4.4.0")) == str(pyzmq.ZMQVersionError("4.4.0"))


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (EAGAIN, Again),
        (ETERM, ContextTerminated),
        (EINTR, InterruptedSystemCall),
        (EFSM, StateError),
        (EINVAL, ZMQError),
    ],
)
def test_error_for(number: int, kind: type[ZMQError]) -> None:
    error = error_for(number)
    assert type(error) is kind
    assert error.errno == number


def test_all_lists_what_exists() -> None:
    assert all(hasattr(errors, name) for name in errors.__all__)
