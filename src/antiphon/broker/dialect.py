"""What the broker's messages say, read from their wire form (L8, L10).

A client's request is ``["", body, ...]`` or whatever a DEALER sends; a worker gets it as
``["", client id, "", body, ...]`` and answers in the same form. The broker looks at a message only
as far as the envelope goes and passes on what follows as it came, a list of chunks on the wire.
"""

from typing import Final

from antiphon.broker.state import Request
from antiphon.wire.framing import decode_message, encode_message, encode_prefix

__all__ = ("READY", "frames_of", "is_ready", "read_reply", "read_request")

READY: Final = b"READY"
_READY_FRAMES: Final = [b"", READY]
_READY_WIRE: Final = encode_prefix([b""]) + b"\x00\x05READY"
#: What comes before a client id of each length: the delimiter, and the header of the id.
_OPENINGS: Final = tuple(encode_prefix([b"", bytes(size)])[:4] for size in range(256))


def read_request(client: bytes, message: list[bytes]) -> Request:
    """Return a client's message as a request, in the envelope that goes to a worker and back."""
    envelope = _OPENINGS[len(client)] + client
    if len(message) == 1:
        return Request(client, envelope, [envelope + message[0]])
    return Request(client, envelope, [envelope, *message])


def read_reply(request: Request, message: list[bytes]) -> list[bytes] | None:
    """Return what a worker answers to a request; None if its message is no answer to that."""
    envelope = request.envelope
    head = message[0]
    if not head.startswith(envelope):
        head = _canonical(message)
        if not head.startswith(envelope):
            return None
        return [head[len(envelope) :]]
    if len(message) == 1:
        return [head[len(envelope) :]]
    return [head[len(envelope) :], *message[1:]]


def is_ready(message: list[bytes]) -> bool:
    """Tell whether a worker says that it is there.

    Only a message of exactly these two frames says so: no client id and no body can be mistaken
    for it (L10).
    """
    return message[0] == _READY_WIRE or frames_of(message) == _READY_FRAMES


def frames_of(message: list[bytes]) -> list[bytes]:
    """Return the frames of a message."""
    return decode_message(message)


def _canonical(message: list[bytes]) -> bytes:
    """Return a message that came in pieces, or with longer headers than it needs, in one piece."""
    chunks: list[bytes] = []
    encode_message(decode_message(message), chunks)
    return b"".join(chunks)
