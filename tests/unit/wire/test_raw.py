"""Connections without a protocol: whatever comes is a message, and nothing is said unasked."""

from antiphon.wire.connection import TRAFFIC
from antiphon.wire.framing import FULL, STARVED
from antiphon.wire.mechanism import Local, NullMechanism
from antiphon.wire.raw import RawConnection


def raw() -> RawConnection:
    return RawConnection(NullMechanism(Local(b"STREAM", b"", True, [])))


def test_nothing_is_said_unasked() -> None:
    subject = raw()
    assert subject.state == TRAFFIC
    assert subject.output == []
    assert not subject.ping(1000)


def test_what_comes_is_a_message_whatever_it_is() -> None:
    subject = raw()
    assert subject.receive(b"GET / HTTP/1.1\r\n", 10) == STARVED
    assert subject.receive(b"\xff\x00", 10) == STARVED
    assert list(subject.decoder.messages) == [[b"GET / HTTP/1.1\r\n"], [b"\xff\x00"]]


def test_what_comes_to_a_full_queue_waits_and_nothing_is_lost() -> None:
    subject = raw()
    assert subject.receive(b"one", 1) == STARVED
    assert subject.receive(b"two", 1) == FULL
    assert subject.receive(b"three", 1) == FULL
    subject.decoder.messages.clear()
    assert subject.receive(b"", 1) == STARVED
    assert list(subject.decoder.messages) == [[b"twothree"]]
