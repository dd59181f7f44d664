"""Messages, envelopes and dumps: what goes in comes out, and what people see of it."""

import asyncio
import logging
from typing import Any

import pytest
import zmq as theirs
import zmq.asyncio as theirs_asyncio
from hypothesis import given
from hypothesis import strategies as st

import antiphon.zmq as ours
import antiphon.zmq.asyncio as ours_asyncio
from antiphon.message import Envelope, Message, draw, dump, dump_whole

FRAMES = st.lists(st.binary(max_size=300), max_size=6)
ADDRESSES = st.lists(st.binary(min_size=1, max_size=8), max_size=6).map(tuple)
BODIES = st.lists(st.binary(max_size=8), max_size=6).map(tuple)


# Frames.


def test_frames_are_bytes_whatever_they_were_made_of() -> None:
    message = Message("text", b"bytes", bytearray(b"array"), memoryview(b"view"), "\u00e9")
    assert message.frames == [b"text", b"bytes", b"array", b"view", b"\xc3\xa9"]


@pytest.mark.parametrize("wrong", [7, None, [b"x"]])
def test_what_cannot_be_a_frame_is_refused(wrong: object) -> None:
    message = Message("kept")
    for put in (Message, message.push, message.append, message.wrap):
        with pytest.raises(TypeError, match="a frame must be bytes, a buffer or str, not"):
            put(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a frame must be"):
        message[0] = wrong  # type: ignore[assignment]
    assert message == Message("kept")


def test_frames_go_on_and_off_at_the_front() -> None:
    message = Message("body")
    message.push("second")
    message.push("first")
    message.append("last")
    assert message == Message("first", "second", "body", "last")
    assert (message.pop(), message.pop_text()) == (b"first", "second")
    assert message == Message("body", "last")


def test_an_empty_message_has_nothing_to_take_off() -> None:
    for take in (Message().pop, Message().unwrap):
        with pytest.raises(IndexError, match="no frame left"):
            take()
    with pytest.raises(IndexError):
        Message().pop_text()


def test_wrap_puts_address_and_delimiter_on_and_unwrap_takes_them_off() -> None:
    message = Message("body")
    message.wrap("client")
    message.wrap(b"broker")
    assert message == Message("broker", "", "client", "", "body")
    assert message.unwrap() == b"broker"
    assert message.unwrap() == b"client"
    assert message == Message("body")


def test_unwrap_needs_no_delimiter() -> None:
    message = Message("id", "body")
    assert message.unwrap() == b"id"
    assert message == Message("body")
    assert (message.unwrap(), len(message)) == (b"body", 0)


def test_frames_are_read_and_replaced_by_index() -> None:
    message = Message("client", "", "HELLO")
    message[-1] = "OK"
    assert (message[0], message[-1], message.text(), message.text(0)) == (
        b"client",
        b"OK",
        "OK",
        "client",
    )
    assert list(message) == [b"client", b"", b"OK"]
    assert (len(message), message.size) == (3, 8)


def test_bytes_that_are_no_text_stay_where_they_are() -> None:
    message = Message(b"\xff")
    for read in (message.text, message.pop_text):
        with pytest.raises(UnicodeDecodeError):
            read()
    assert message == Message(b"\xff")


def test_messages_are_equal_if_their_frames_are() -> None:
    assert Message("a", "") == Message(b"a", b"")
    assert Message("a") != Message("a", "")
    assert Message("a") != [b"a"]


def test_a_copy_is_another_message() -> None:
    message = Message("a")
    copy = message.copy()
    copy.push("b")
    assert (message, copy) == (Message("a"), Message("b", "a"))


def test_its_repr_makes_it_again() -> None:
    message = Message(b"\x00\x01", "", "text")
    assert eval(repr(message)) == message


# As bytes.


def test_it_encodes_as_czmq_does() -> None:
    message = Message("", "a", b"x" * 254, b"y" * 255)
    expected = b"\x00" + b"\x01a" + b"\xfe" + b"x" * 254 + b"\xff\x00\x00\x00\xff" + b"y" * 255
    assert message.encode() == expected


@given(FRAMES)
def test_what_was_encoded_is_decoded(frames: list[bytes]) -> None:
    assert Message.decode(Message(*frames).encode()) == Message(*frames)


@given(FRAMES, st.data())
def test_what_was_cut_off_is_shorter_or_refused(frames: list[bytes], data: st.DataObject) -> None:
    whole = Message(*frames).encode()
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    try:
        decoded = Message.decode(cut)
    except ValueError as error:
        assert "cut off in frame" in str(error)
    else:
        assert decoded.frames == frames[: len(decoded)]


@given(st.binary(max_size=40))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        message = Message.decode(data)
    except ValueError:
        return
    assert message.size < len(data) or not data


# To and from sockets.


@pytest.mark.parametrize("zmq", [theirs, ours], ids=["pyzmq", "antiphon"])
def test_a_worker_is_three_statements(zmq: Any) -> None:
    with zmq.Context() as context:
        context.linger, context.rcvtimeo = 0, 10_000
        with context.socket(zmq.ROUTER) as broker, context.socket(zmq.REQ) as worker:
            broker.bind("tcp://127.0.0.1:*")
            worker.connect(broker.last_endpoint.decode())
            Message("READY").send(worker)
            request = Message.recv(broker)
            name = request.unwrap()
            assert request == Message("READY")
            Message(name, "", "c1", "", "c2", "", "HELLO").send(broker)

            message = Message.recv(worker)
            message[-1] = "OK"
            message.send(worker)

            assert Message.recv(broker) == Message(name, "", "c1", "", "c2", "", "OK")
            with pytest.raises(zmq.Again):
                Message.recv(broker, zmq.DONTWAIT)


@pytest.mark.parametrize("zmq", [theirs_asyncio, ours_asyncio], ids=["pyzmq", "antiphon"])
def test_on_asyncio_it_is_awaited(zmq: Any) -> None:
    async def scenario() -> None:
        with zmq.Context() as context:
            left, right = context.socket(ours.DEALER), context.socket(ours.DEALER)
            left.linger = right.linger = 0
            left.bind("tcp://127.0.0.1:*")
            right.connect(left.last_endpoint.decode())
            await Message("a", "", "b").send(left)
            message = await asyncio.wait_for(Message.recv(right), 10)
            assert message == Message("a", "", "b")
            left.close()
            right.close()

    asyncio.run(scenario())


def test_what_was_sent_does_not_change_with_the_message() -> None:
    with ours.Context() as context:
        left, right = context.socket(ours.DEALER), context.socket(ours.DEALER)
        left.bind("inproc://message")
        right.connect("inproc://message")
        right.rcvtimeo = 10_000
        message = Message("a")
        message.send(left)
        message.append("b")
        message.send(left)
        assert [len(Message.recv(right)), len(Message.recv(right))] == [1, 2]


def test_an_empty_message_cannot_be_sent() -> None:
    with ours.Context() as context, pytest.raises(ours.ZMQError, match="at least one frame"):
        Message().send(context.socket(ours.DEALER))


# Envelopes.


def test_an_envelope_is_addresses_delimiter_and_body() -> None:
    envelope = Envelope.split(Message("A", "B", "", "x", "y"))
    assert envelope.addresses == (b"A", b"B")
    assert envelope.delimiter == b""
    assert envelope.body == (b"x", b"y")
    assert envelope.join() == Message("A", "B", "", "x", "y")


def test_what_follows_the_first_delimiter_is_body() -> None:
    outer = Envelope.split([b"WORKER", b"", b"CLIENT", b"", b"Hello"])
    assert outer.addresses == (b"WORKER",)
    assert Envelope.split(outer.body) == Envelope((b"CLIENT",), (b"Hello",))


@given(ADDRESSES, BODIES)
def test_any_number_of_hops_joins_and_splits(
    addresses: tuple[bytes, ...], body: tuple[bytes, ...]
) -> None:
    envelope = Envelope(addresses, body)
    assert Envelope.split(envelope.join()) == envelope
    assert envelope.reply("answer", b"").join() == Message(*addresses, "", "answer", "")


def test_without_a_delimiter_there_is_no_envelope() -> None:
    for frames in ([], [b"id", b"body"]):
        with pytest.raises(ValueError, match="no delimiter"):
            Envelope.split(frames)


def test_an_address_is_not_empty() -> None:
    with pytest.raises(ValueError, match="an address is empty"):
        Envelope((b"A", b""))


# What people see.


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (b"", "[000] "),
        (b"Hello", "[005] Hello"),
        (b"\x7f~ ", "[003] \x7f~ "),
        (b"a\x1f", "[002] 611F"),
        (b"a\x80", "[002] 6180"),
        (b"\x00\x6b\x8b\x45\x67", "[005] 006B8B4567"),
        (b"x" * 70, "[070] " + "x" * 70),
        (b"x" * 71, "[070] " + "x" * 70 + "..."),
        (b"\xff" * 35, "[035] " + "FF" * 35),
        (b"\xff" * 36, "[035] " + "FF" * 35 + "..."),
        (b"x" * 80 + b"\x00", "[035] " + "78" * 35 + "..."),
    ],
)
def test_a_line_of_a_dump(frame: bytes, line: str) -> None:
    assert dump([frame]) == line
    assert dump([frame, b""], prefix="D: ") == f"D: {line}\nD: [000] "


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (b"~ ", "[002] ~ "),
        (b"\x7f", "[001] 7F"),
        (b"x" * 71, "[071] " + "x" * 71),
        (b"\xff" * 36, "[036] " + "FF" * 36),
    ],
)
def test_a_whole_dump_has_dashes_and_cuts_nothing(frame: bytes, line: str) -> None:
    assert dump_whole([frame, b""]) == f"{'-' * 40}\n{line}\n[000] "


def test_a_message_in_a_log_is_its_dump(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("worker").debug("%s", Message("client", "", "HELLO"))
    assert caplog.messages == ["[006] client\n[000] \n[005] HELLO"]


_SIXTEEN = " ".join(["[001] x"] * 16)


@pytest.mark.parametrize(
    ("frames", "line"),
    [
        ([b"Hello"], "[005] Hello"),
        ([b""], "[000]"),
        ([b"", b"Hello"], "[000] | [005] Hello"),
        ([b"ABC", b"", b"Hello", b"", b"x"], "[003] ABC | [000] | [005] Hello [000] [001] x"),
        # The last frame is a body, however empty.
        ([b"ABC", b""], "[003] ABC [000]"),
        ([b"\x00\x01\x02\x03\x04", b"", b""], "[005] 0001020304 | [000] | [000]"),
        ([b"x" * 71], f"[071] {'x' * 70}..."),
        ([b"\xff" * 36], f"[036] {'FF' * 35}..."),
        # What no line of a log should hold is no text.
        ([b"a\nb"], "[003] 610A62"),
        ([b"\x7f"], "[001] 7F"),
        ([b"x"] * 20, f"{_SIXTEEN} ... and 4 more frames"),
        ([b"x"] * 100, f"{_SIXTEEN} ... and 84 more frames"),
        ([b"a", b"", *[b"x"] * 100], f"[001] a | [000] | {_SIXTEEN} ... and 84 more frames"),
        ([*[b"x"] * 20, b"", b"y"], f"{_SIXTEEN} ... and 4 more frames | [000] | [001] y"),
    ],
)
def test_a_message_on_a_line(frames: list[bytes], line: str) -> None:
    assert draw(frames) == line
