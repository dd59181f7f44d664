"""NULL: who speaks first, what is said, what is refused (Z12 to Z16)."""

import pytest

from antiphon.errors import ProtocolError
from antiphon.wire.command import Command, encode_metadata
from antiphon.wire.mechanism import Local, NullMechanism


def mechanism(kind: bytes = b"DEALER", binder: bool = False) -> NullMechanism:
    return NullMechanism(Local(kind, b"me", binder, [(b"X-Hello", b"World")]))


def ready(**properties: bytes) -> Command:
    named = [(name.replace("_", "-").encode(), value) for name, value in properties.items()]
    return Command(b"READY", encode_metadata(named))


def test_the_connecting_side_speaks_first() -> None:
    connecting, binding = mechanism(), mechanism(binder=True)
    assert len(connecting.start()) == 1
    assert binding.start() == []
    assert connecting.on_command(ready(Socket_Type=b"ROUTER")) == []
    assert len(binding.on_command(ready(Socket_Type=b"ROUTER"))) == 1
    assert connecting.complete
    assert binding.complete


@pytest.mark.parametrize("kind", [b"REQ", b"REP", b"DEALER", b"ROUTER"])
def test_what_each_type_says_of_itself(kind: bytes) -> None:
    """Z16: only types with a routing id announce one."""
    (body,) = mechanism(kind).start()
    assert (b"Identity\x00\x00\x00\x02me" in body) == (kind != b"REP")
    assert body.endswith(b"\x07X-Hello\x00\x00\x00\x05World")


def test_what_the_peer_says_is_kept() -> None:
    ours = mechanism()
    ours.on_command(ready(SOCKET_TYPE=b"ROUTER", identity=b"you", X_Name=b"v"))
    assert ours.properties == {b"socket-type": b"ROUTER", b"identity": b"you", b"x-name": b"v"}


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        ("illegal-pair", ready(Socket_Type=b"REQ")),
        ("illegal-pair", ready()),
        ("bad-metadata", ready(Socket_Type=b"ROUTER", Identity=b"x" * 256)),
        ("bad-metadata", Command(b"READY", b"\x05abc")),
        ("unexpected-command", Command(b"HELLO", b"")),
    ],
)
def test_what_is_refused(reason: str, command: Command) -> None:
    ours = mechanism()
    with pytest.raises(ProtocolError) as info:
        ours.on_command(command)
    assert info.value.reason == reason
    assert not ours.complete
