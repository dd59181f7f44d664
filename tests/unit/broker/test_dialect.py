"""What the broker reads of messages in their wire form, and what it leaves alone."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.broker.dialect import READY, frames_of, is_ready, read_reply, read_request
from antiphon.broker.state import Request
from antiphon.wire.framing import encode_message

FRAMES = st.lists(st.one_of(st.just(b""), st.binary(max_size=300)), min_size=1, max_size=5)
IDS = st.binary(min_size=1, max_size=255)


def on_wire(*frames: bytes) -> list[bytes]:
    """Return a message as it comes at once."""
    return [b"".join(in_pieces(*frames))]


def in_pieces(*frames: bytes) -> list[bytes]:
    """Return a message as it comes in pieces: headers and bodies apart."""
    chunks: list[bytes] = []
    encode_message(list(frames), chunks)
    return chunks


def with_long_headers(*frames: bytes) -> list[bytes]:
    """Return a message of a peer that does not know short frames, which is legal (Z8)."""
    wire = b""
    for number, frame in enumerate(frames):
        more = number < len(frames) - 1
        wire += bytes([2 + more]) + len(frame).to_bytes(8, "big") + frame
    return [wire]


Form = Callable[..., list[bytes]]
FORMS: list[Form] = [on_wire, in_pieces, with_long_headers]


def asked_by(client: bytes) -> Request:
    return read_request(client, on_wire(b"", b"x"))


def test_frames_at_each_hop() -> None:
    """L8: the envelope as the chapter draws it."""
    request = read_request(b"CLIENT", on_wire(b"", b"Hello"))
    assert frames_of(request.task) == [b"", b"CLIENT", b"", b"Hello"]
    assert request.task == on_wire(b"", b"CLIENT", b"", b"Hello")
    reply = read_reply(request, on_wire(b"", b"CLIENT", b"", b"OK"))
    assert reply == on_wire(b"", b"OK")


@pytest.mark.parametrize("form", FORMS)
@given(client=IDS, frames=FRAMES)
def test_what_is_wrapped_comes_out_again(form: Form, client: bytes, frames: list[bytes]) -> None:
    assert frames_of(read_request(client, form(*frames)).task) == [b"", client, *frames]


@pytest.mark.parametrize("form", FORMS)
@given(client=IDS, frames=FRAMES)
def test_any_form_of_an_answer_is_understood(
    form: Form, client: bytes, frames: list[bytes]
) -> None:
    reply = read_reply(asked_by(client), form(b"", client, *frames))
    assert reply is not None
    assert frames_of(reply) == frames


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "frames",
    [
        [b"nonsense"],
        [b""],
        [b"", b"CLIENT"],
        [b"", b"CLIENTS", b"", b"OK"],
        [b"", b"ANOTHER", b"", b"OK"],
        [b"x", b"CLIENT", b"", b"no delimiter"],
        [b"CLIENT", b"", b"OK"],
    ],
)
def test_what_is_no_answer_to_the_client_is_none(form: Form, frames: list[bytes]) -> None:
    assert read_reply(asked_by(b"CLIENT"), form(*frames)) is None


@pytest.mark.parametrize("form", FORMS)
def test_only_two_frames_are_ready(form: Form) -> None:
    """L10: a client called READY, a body READY, and an answer READY are not misread."""
    assert is_ready(form(b"", READY))
    for frames in ([READY], [b"", READY, b"", READY], [b"", b"READY2"], [b"", b"c", b"", READY]):
        assert not is_ready(form(*frames))
    reply = read_reply(asked_by(READY), form(b"", READY, b"", READY))
    assert reply is not None
    assert frames_of(reply) == [b"", READY]
