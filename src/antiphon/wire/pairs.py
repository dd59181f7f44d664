"""Which socket types may talk to each other, and why the others may not (RFC 37, K7, Z15)."""

from typing import Final

__all__ = ("LEGAL_PAIRS", "illegal_pair_reason")

#: RFC 37 section "Connection Metadata": the peers that each socket type accepts.
LEGAL_PAIRS: Final[dict[bytes, tuple[bytes, ...]]] = {
    b"REQ": (b"REP", b"ROUTER"),
    b"REP": (b"REQ", b"DEALER"),
    b"DEALER": (b"REP", b"DEALER", b"ROUTER"),
    b"ROUTER": (b"REQ", b"DEALER", b"ROUTER"),
    b"PUB": (b"SUB", b"XSUB"),
    b"XPUB": (b"SUB", b"XSUB"),
    b"SUB": (b"PUB", b"XPUB"),
    b"XSUB": (b"PUB", b"XPUB"),
    b"PUSH": (b"PULL",),
    b"PULL": (b"PUSH",),
    b"PAIR": (b"PAIR",),
    b"CLIENT": (b"SERVER",),
    b"SERVER": (b"CLIENT",),
    b"RADIO": (b"DISH",),
    b"DISH": (b"RADIO",),
    b"SCATTER": (b"GATHER",),
    b"GATHER": (b"SCATTER",),
    b"PEER": (b"PEER",),
    b"CHANNEL": (b"CHANNEL",),
}

#: The reasons that chapter 3 of the Guide gives, by unordered pair.
_REASONS: Final[dict[tuple[bytes, bytes], str]] = {
    (b"REQ", b"REQ"): "both start by sending a request and neither answers",
    (b"DEALER", b"REQ"): "a DEALER cannot address a reply to one REQ among several",
    (b"REP", b"REP"): "both wait for a request and neither starts",
    (b"REP", b"ROUTER"): "a ROUTER would have to know the REP's routing id to start",
}


def illegal_pair_reason(ours: bytes, theirs: bytes) -> str | None:
    """Say why two socket types may not talk, or None if they may.

    Arguments are wire names such as b"REQ". The answer is printable ASCII of at most 255
    characters, fit for the reason of an ERROR command (RFC 37, Z13).
    """
    if theirs in LEGAL_PAIRS.get(ours, ()):
        return None
    if theirs not in LEGAL_PAIRS:
        return f"unknown socket type {_printable(theirs)}"
    low, high = (ours, theirs) if ours < theirs else (theirs, ours)
    why = _REASONS.get((low, high))
    pair = f"{ours.decode('ascii', 'replace')} cannot talk to {theirs.decode('ascii')}"
    if why is not None:
        return f"{pair}: {why}"
    accepted = b", ".join(LEGAL_PAIRS.get(ours, ())).decode("ascii")
    return f"{pair}: it talks to {accepted}"


def _printable(name: bytes) -> str:
    return repr(name[:32])[1:]
