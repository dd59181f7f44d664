"""MESSAGE commands of one connection: frames, each in a box of its own (RFC 26, C8).

    07 "MESSAGE" | nonce (8) | box: tag (16), flags (1), body

Every frame passes here, so that what PyNaCl's functions add to the cipher counts (a third of the
time for a frame of 1 KiB): where PyNaCl has its usual inside, libsodium is called directly, in
room that is used again. A test holds the two against each other.

NaCl's own functions have 16 octets before a box and 32 before what is in it. Those are the ones
that a command begins with, so that it is opened where it is; and as the cipher then works on all in
one go, it takes a fifth less time than libsodium's "easy" functions do.
"""

from typing import Any, Final

from antiphon.keys import nacl_bindings, nacl_error, nacl_library

__all__ = ("MESSAGE", "NOT_THE_PEERS", "Box", "DirectBox", "make_box")

#: How the command begins.
MESSAGE: Final = b"\x07MESSAGE"
#: What open() returns in place of flags, which are never negative, and a body.
NOT_THE_PEERS: Final = (-1, b"")
#: Where its parts begin, in octets.
_BOX: Final = 16
_FLAGS: Final = 32
_BODY: Final = 33
#: What comes before a body that is to be sealed, by its flags.
_PADDED_FLAGS: Final = tuple(bytes([*bytes(_FLAGS), flags]) for flags in range(256))
#: The room that is kept, in octets; larger commands get room of their own.
_ROOM: Final = 4096


class Box:
    """Seals and opens with one key.

    A nonce is a prefix of 16 octets, one for each direction, and 8 octets that never come twice.
    """

    def __init__(self, key: bytes, sealing: bytes, opening: bytes) -> None:
        self.key = key
        self.sealing = sealing
        self.opening = opening
        bindings: Any = nacl_bindings()
        self._seal: Any = bindings.crypto_box_afternm
        self._open: Any = bindings.crypto_box_open_afternm
        self._failure: Any = nacl_error()

    def seal(self, flags: int, body: bytes, nonce: bytes) -> bytes:
        """Return the command that holds flags, of SEALED_MORE and SEALED_COMMAND, and a body."""
        box: bytes = self._seal(bytes([flags]) + body, self.sealing + nonce, self.key)
        return MESSAGE + nonce + box

    def open(self, command: bytes, nonce: bytes) -> tuple[int, bytes]:
        """Return flags and body from a command of the peer, NOT_THE_PEERS if that is not his.

        ``nonce`` is the one in the command, which is not looked at but for its box.
        """
        try:
            plain: bytes = self._open(command[_BOX:], self.opening + nonce, self.key)
        except self._failure:
            return NOT_THE_PEERS
        return (plain[0], plain[1:]) if plain else NOT_THE_PEERS


class DirectBox(Box):
    """The same by direct calls of libsodium, ``library`` being PyNaCl's ``ffi`` and ``lib``."""

    def __init__(self, key: bytes, sealing: bytes, opening: bytes, library: Any) -> None:
        super().__init__(key, sealing, opening)
        ffi, lib = library
        self._new: Any = ffi.new
        self._buffer: Any = ffi.buffer
        self._seal_into: Any = lib.crypto_box_afternm
        self._open_into: Any = lib.crypto_box_open_afternm
        self._room = self._make_room(_ROOM)

    def _room_for(self, size: int) -> tuple[Any, Any]:
        """Return room and a view of it."""
        return self._room if size <= _ROOM else self._make_room(size)

    def _make_room(self, size: int) -> tuple[Any, Any]:
        room = self._new("unsigned char[]", size)
        return room, self._buffer(room)

    def seal(self, flags: int, body: bytes, nonce: bytes) -> bytes:
        """Return the command that holds flags, of SEALED_MORE and SEALED_COMMAND, and a body."""
        plain = _PADDED_FLAGS[flags] + body
        size = len(plain)
        room, view = self._room_for(size)
        if self._seal_into(room, plain, size, self.sealing + nonce, self.key) != 0:
            return super().seal(flags, body, nonce)
        box: bytes = view[_BOX:size]
        return MESSAGE + nonce + box

    def open(self, command: bytes, nonce: bytes) -> tuple[int, bytes]:
        """Return flags and body from a command of the peer, NOT_THE_PEERS if that is not his."""
        size = len(command)
        if size < _BODY:
            return NOT_THE_PEERS
        room, view = self._room_for(size)
        if self._open_into(room, command, size, self.opening + nonce, self.key) != 0:
            return NOT_THE_PEERS
        flags: int = room[_FLAGS]
        body: bytes = view[_BODY:size]
        return flags, body


def make_box(key: bytes, sealing: bytes, opening: bytes) -> Box:
    """Return the faster of the two that PyNaCl allows. Raises ImportError without PyNaCl."""
    library = nacl_library()
    if library is None:
        return Box(key, sealing, opening)
    return DirectBox(key, sealing, opening, library)
