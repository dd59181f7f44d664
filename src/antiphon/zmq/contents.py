"""What send_string(), send_json() and their like make of values, and back again."""

from types import ModuleType
from typing import Any

__all__ = (
    "address_arguments",
    "dump_json",
    "encode_text",
    "fill",
    "load_json",
    "pickling_for",
    "window",
)


def window(buffer: bytearray | memoryview, nbytes: int) -> memoryview:
    """Return the part of a buffer that a frame may fill.

    Raises ValueError for more ``nbytes`` than it has, BufferError if it cannot be written to.
    """
    view = memoryview(buffer)
    if view.readonly or not view.c_contiguous:
        raise BufferError("recv_into() fills a buffer that is writable and contiguous")
    view = view.cast("B")
    if not 0 <= nbytes <= len(view):
        raise ValueError(f"nbytes={nbytes} must be from 0 to the buffer's {len(view)} bytes")
    return view[:nbytes] if nbytes else view


def fill(view: memoryview, data: bytes) -> int:
    """Copy a frame as far as there is room; returns its size."""
    size = min(len(data), len(view))
    view[:size] = data[:size]
    return len(data)


def encode_text(text: object, encoding: str) -> bytes:
    """Return text as bytes. Raises TypeError for what is none."""
    if not isinstance(text, str):
        raise TypeError(f"send_string() sends str, not {type(text).__name__}")
    return text.encode(encoding)


def dump_json(obj: object, options: dict[str, Any]) -> bytes:
    """Return an object as JSON in UTF-8. Raises TypeError for what JSON cannot say."""
    import json

    return json.dumps(obj, **{"separators": (",", ":"), **options}).encode()


def load_json(data: bytes, options: dict[str, Any]) -> Any:
    """Return what JSON says. Raises ValueError."""
    import json

    return json.loads(data, **options)


def address_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Take out of ``options`` what tells send() where a frame goes."""
    return {name: options.pop(name) for name in ("routing_id", "group") if name in options}


def pickling_for(socket: Any, name: str) -> ModuleType:
    """Return the module that pickles, where the program has allowed it. Raises TypeError."""
    if not (socket.allow_pickle or socket.context.allow_pickle):
        raise TypeError(
            f"{name}() uses pickle, which runs code chosen by whoever connects: set allow_pickle "
            "= True on the socket, its class or its context where every peer is trusted, or use "
            "send_json() and recv_json(), or send_serialized() with a format of your own"
        )
    # Only here: a program that does not ask for pickle never has it loaded.
    from antiphon.zmq import pickling

    return pickling
