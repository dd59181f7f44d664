"""Bytes on their way out: joined where that is cheaper than passing them one by one."""

from antiphon.engine.network import LARGE_FRAME

__all__ = ("join", "join_small")


def join(chunks: list[bytes]) -> list[bytes]:
    """Join chunks into one, unless that means to copy large ones."""
    if len(chunks) < 2:
        return chunks
    if max(map(len, chunks)) < LARGE_FRAME:
        return [b"".join(chunks)]
    return join_small(chunks)


def join_small(chunks: list[bytes]) -> list[bytes]:
    """Join neighbouring chunks, but leave large ones as they are: those are never copied."""
    joined: list[bytes] = []
    small: list[bytes] = []
    for chunk in chunks:
        if len(chunk) < LARGE_FRAME:
            small.append(chunk)
            continue
        if small:
            joined.append(b"".join(small))
            small = []
        joined.append(chunk)
    if small:
        joined.append(b"".join(small))
    return joined
