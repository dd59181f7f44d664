"""Every legal pair of types x transport x mechanism x bind side, with libzmq at the other end.

What is not in the matrix:

| absent | why |
|---|---|
| inproc | it joins sockets of one context, and so of one stack |
| ws, wss | libzmq as pyzmq brings it has neither |
| udp, pgm, norm, tipc, vmci, vsock | Antiphon has none of them |
| GSSAPI | Antiphon has it not, nor has pyzmq's libzmq |
| the thread-safe types: CLIENT, RADIO, ... | pyzmq's libzmq has none: see test_thread_safe_peers |
| libzmq's REQ, bound as a PLAIN or CURVE server | it closes on a reply, also of libzmq's REP |
| STREAM | it talks to programs that do not speak ZMTP |
"""

import itertools
import os
from pathlib import Path

import pytest

from .conversation import MECHANISMS, TRANSPORTS, Conversation, Setting, filler, settings
from .peers import Sockets

pytestmark = pytest.mark.timeout(30)

#: Bodies on both sides of where the wire changes: empty, short, short's limit, long, and beyond
#: one read; one frame and many, some of them empty.
SHAPES: dict[str, list[bytes]] = {
    "empty": [b""],
    "one": [b"x"],
    "255": [filler(255, 1)],
    "256": [filler(256, 2)],
    "64Ki": [filler(65536, 3)],
    "1Mi": [filler(1 << 20, 4)],
    "empties": [b"a", b"", b"", b"b", b""],
    "hundred": [filler(i * 31 % 300, i) for i in range(100)],
}
NUMBERS = itertools.count()
SETTINGS = settings(mechanisms=MECHANISMS)


@pytest.fixture
def endpoint(setting: Setting, tmp_path: Path) -> str:
    """Give an endpoint of the setting's transport that nobody else has."""
    name = f"antiphon-{os.getpid()}-{next(NUMBERS)}"
    return TRANSPORTS[setting.transport].format(directory=tmp_path, name=name)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_same_arrives_both_ways(
    shared_sockets: Sockets, setting: Setting, endpoint: str
) -> None:
    """Whatever its shape, what one end says is what the other hears."""
    conversation = Conversation(setting, shared_sockets, endpoint)
    for body in SHAPES.values():
        conversation.exchange(body, body[::-1])
