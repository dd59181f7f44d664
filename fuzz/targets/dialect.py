"""The broker's envelopes in their wire form, beside a reading of their frames.

Messages come as a peer sends them, through WireDecoder, in whatever pieces. What precedes the
first zero byte is the client's id.
"""

from antiphon.broker.dialect import READY, frames_of, is_ready, read_reply, read_request
from antiphon.broker.state import Request
from antiphon.wire.forwarding import WireDecoder
from fuzz.feeding import MESSAGE, decoded, splits
from fuzz.targets.frames import make_decoder

__all__ = ("check",)


def check(data: bytes) -> None:
    """Read each message as a client's request, as a worker's answer to it, and as READY."""
    client, _, stream = data.partition(b"\0")
    client = client[:255] or b"client"
    for pieces in splits(stream):
        for kind, message in decoded(make_decoder(WireDecoder), pieces, len(data) + 1):
            if kind == MESSAGE:
                _check_message(client, message)


def _check_message(client: bytes, message: list[bytes]) -> None:
    frames = frames_of(message)
    assert is_ready(message) == (frames == [b"", READY])
    request = read_request(client, message)
    assert frames_of(request.task) == [b"", client, *frames]
    _check_reply(request, request.task)
    _check_reply(request, message)


def _check_reply(request: Request, message: list[bytes]) -> None:
    frames = frames_of(message)
    reply = read_reply(request, message)
    if frames[:2] != [b"", request.client] or len(frames) == 2:
        assert reply is None
    else:
        assert reply is not None
        assert frames_of(reply) == frames[2:]
