"""Events of a connection: envelopes taken apart, drawn as lines and as records."""

import json

from antiphon.observe.conversation import Conversation, Event, draw
from antiphon.wire.framing import encode_message
from antiphon.wire.greeting import encode_greeting

NULL = encode_greeting(b"NULL", False)


def heard(*parts: bytes) -> Event:
    chunks: list[bytes] = [NULL]
    encode_message(list(parts), chunks)
    return Conversation(7).hear(">", b"".join(chunks), 1.5)[1]


def drawn(*parts: bytes) -> str:
    return draw(heard(*parts)).partition("#7 > ")[2]


def test_a_message_is_drawn_as_addresses_delimiter_and_body() -> None:
    """E1, H13, N3."""
    assert drawn(b"Hello") == "[005] Hello"
    assert drawn(b"", b"Hello") == "[000] | [005] Hello"
    assert drawn(b"\x00kRJg", b"", b"Hello", b"") == "[005] 006B524A67 | [000] | [005] Hello [000]"
    assert drawn(b"A", b"B", b"", b"x") == "[001] A [001] B | [000] | [001] x"
    assert drawn(b"A", b"") == "[001] A [000]"


def test_long_frames_and_long_messages_are_cut() -> None:
    assert drawn(b"x" * 71) == f"[071] {'x' * 70}..."
    assert drawn(b"\xff" * 36) == f"[036] {'FF' * 35}..."
    assert drawn(*[b"x"] * 100).endswith("[001] x ... and 84 more frames")


def test_lines_begin_with_the_time_and_the_connection() -> None:
    assert draw(heard(b"x")) == "   1.500000  #7 > [001] x"
    greeting = Conversation(2).hear("<", NULL, 0.0)[0]
    assert draw(greeting) == "   0.000000  #2 < greeting ZMTP 3.1  mechanism=NULL"


def test_the_time_since_the_other_side_spoke() -> None:
    conversation = Conversation(1)
    for arrow in "><":
        conversation.hear(arrow, NULL, 0.0)
    (request,) = conversation.hear(">", b"\x00\x01q", 1.0)
    (reply,) = conversation.hear("<", b"\x00\x01r", 1.25)
    assert request.gap < 0
    assert reply.gap == 0.25
    assert draw(reply).endswith("#1 < [001] r  (250.00 ms)")


def test_a_record_for_machines() -> None:
    record = json.loads(json.dumps(heard(b"A", b"", b"\x00x").as_dict()))
    assert record == {
        "time": 1.5,
        "connection": 7,
        "direction": "out",
        "kind": "message",
        "size": 9,
        "frames": 3,
        "addresses": ["41"],
        "delimiter": True,
        "body": ["0078"],
        "sizes": [1, 0, 2],
    }
