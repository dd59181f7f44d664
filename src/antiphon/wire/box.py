"""Authenticated encryption of one connection's frames, with the key that its two sides share.

Every frame passes here, so that what PyNaCl's functions add to the cipher counts (a third of the
time for a frame of 1 KiB): where PyNaCl has its usual inside, libsodium is called directly, with
room that is used again. A test holds the two against each other.
"""

from typing import Any, Final

from antiphon.keys import nacl_bindings, nacl_error, nacl_library

__all__ = ("Box", "DirectBox", "make_box")

_TAG: Final = 16
#: The room that is kept, in octets; larger frames get room of their own.
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

    def seal(self, plain: bytes, nonce: bytes) -> bytes:
        """Return the box that holds ``plain``."""
        box: bytes = self._seal(plain, self.sealing + nonce, self.key)
        return box

    def open(self, box: bytes, nonce: bytes) -> bytes | None:
        """Return what a box of the peer holds, or None if it is not the peer's."""
        try:
            plain: bytes = self._open(box, self.opening + nonce, self.key)
        except self._failure:
            return None
        return plain


class DirectBox(Box):
    """The same by direct calls of libsodium, ``library`` being PyNaCl's ``ffi`` and ``lib``."""

    def __init__(self, key: bytes, sealing: bytes, opening: bytes, library: Any) -> None:
        super().__init__(key, sealing, opening)
        ffi, lib = library
        self._new: Any = ffi.new
        self._view: Any = ffi.buffer
        self._seal_into: Any = lib.crypto_box_easy_afternm
        self._open_into: Any = lib.crypto_box_open_easy_afternm
        self._room: Any = ffi.new("unsigned char[]", _ROOM)
        self._in_room: Any = ffi.buffer(self._room)

    def seal(self, plain: bytes, nonce: bytes) -> bytes:
        """Return the box that holds ``plain``."""
        size = len(plain) + _TAG
        room, view = self._room_for(size)
        if self._seal_into(room, plain, len(plain), self.sealing + nonce, self.key) != 0:
            return super().seal(plain, nonce)
        box: bytes = view[:size]
        return box

    def open(self, box: bytes, nonce: bytes) -> bytes | None:
        """Return what a box of the peer holds, or None if it is not the peer's."""
        size = len(box) - _TAG
        if size <= 0:
            return None
        room, view = self._room_for(size)
        if self._open_into(room, box, len(box), self.opening + nonce, self.key) != 0:
            return None
        plain: bytes = view[:size]
        return plain

    def _room_for(self, size: int) -> tuple[Any, Any]:
        """Return room for so many octets, and a view of it."""
        if size <= _ROOM:
            return self._room, self._in_room
        room = self._new("unsigned char[]", size)
        return room, self._view(room)


def make_box(key: bytes, sealing: bytes, opening: bytes) -> Box:
    """Return the faster of the two that PyNaCl allows. Raises ImportError without PyNaCl."""
    library = nacl_library()
    if library is None:
        return Box(key, sealing, opening)
    return DirectBox(key, sealing, opening, library)
