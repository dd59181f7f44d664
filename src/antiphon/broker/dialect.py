"""What the broker's messages say, read from their wire form (L8, L10).

A client's request is ``["", body, ...]`` or whatever a DEALER sends; a worker gets it as
``["", client id, "", body, ...]`` and answers in the same form. The broker looks at a message only
as far as the envelope goes and passes on what follows as it came, a list of chunks on the wire.
"""

from typing import Final

from antiphon.wire.framing import decode_message, encode_message, encode_prefix

__all__ = ("READY", "envelope_of", "frames_of", "is_ready", "open_envelope", "wrap")

READY: Final = b"READY"
_READY_FRAMES: Final = [b"", READY]
_READY_WIRE: Final = encode_prefix([b""]) + b"\x00\x05READY"
#: What comes before a client id of each length: the delimiter, and the header of the id.
_OPENINGS: Final = tuple(encode_prefix([b"", bytes(size)])[:4] for size in range(256))


def envelope_of(client: bytes) -> bytes:
    """Return the frames that stand before a client's message on its way to a worker and back."""
    return _OPENINGS[len(client)] + client


def wrap(envelope: bytes, message: list[bytes]) -> list[bytes]:
    """Return a message in an envelope."""
    if len(message) == 1:
        return [envelope + message[0]]
    return [envelope, *message]


def open_envelope(envelope: bytes, message: list[bytes]) -> list[bytes] | None:
    """Return what a message has in that envelope; None if it is in another one or in none."""
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
