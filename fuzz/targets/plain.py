"""PLAIN in both roles, with a handler that lets the peer in or does not.

The first byte says the role and the verdict; the greeting has been exchanged.
"""

from antiphon.wire.connection import Connection
from antiphon.wire.greeting import encode_greeting
from antiphon.wire.mechanism import Local, Mechanism
from antiphon.wire.plain import PlainClient, PlainServer
from fuzz.feeding import splits
from fuzz.stories import MAX_FRAME, MAX_FRAMES, WELCOME, refusal, tell

__all__ = ("check",)

#: Our greeting, HELLO or WELCOME, INITIATE or ERROR.
_MOST = 64 + 20 + 264


def check(data: bytes) -> None:
    """Feed a connection in every way."""
    if not data:
        return
    as_server, welcome = bool(data[0] & 1), bool(data[0] & 2)
    expected = _story(as_server, welcome, [data[1:]])
    for pieces in splits(data[1:]):
        assert _story(as_server, welcome, pieces) == expected


def _story(as_server: bool, welcome: bool, pieces: list[bytes]) -> list[object]:
    local = Local(b"DEALER", b"me", as_server, [])
    mechanism: Mechanism = PlainClient(local, b"user", b"password")
    if as_server:
        mechanism = PlainServer(local)
    connection = Connection(mechanism, MAX_FRAME, MAX_FRAMES)
    greeting = encode_greeting(b"PLAIN", not as_server)
    verdict = WELCOME if welcome else refusal()
    told = tell(connection, [greeting, *pieces], verdict, _MOST)
    assert welcome or not as_server or not connection.mechanism.complete
    return told
