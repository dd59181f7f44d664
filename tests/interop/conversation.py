"""A connected pair, one end of each stack, and what its two applications say to each other."""

from typing import NamedTuple

import zmq as libzmq

from .peers import Socket, Sockets, endpoint_of, send_when_routable

__all__ = (
    "MECHANISMS",
    "PAIRS",
    "PLAIN_CREDENTIALS",
    "TRANSPORTS",
    "Conversation",
    "Setting",
    "filler",
    "settings",
)

#: Who speaks first, and who hears it.
PAIRS = (
    ("REQ", "REP"),
    ("REQ", "ROUTER"),
    ("DEALER", "REP"),
    ("DEALER", "ROUTER"),
    ("DEALER", "DEALER"),
    ("ROUTER", "ROUTER"),
    ("PAIR", "PAIR"),
    ("PUSH", "PULL"),
    ("PUB", "SUB"),
    ("PUB", "XSUB"),
    ("XPUB", "SUB"),
    ("XPUB", "XSUB"),
)
#: What is bound on each transport; {name} is unique.
TRANSPORTS = {
    "tcp4": "tcp://127.0.0.1:*",
    "tcp6": "tcp://[::1]:*",
    "ipc": "ipc://{directory}/s",
    "abstract": "ipc://@{name}",
}
MECHANISMS = ("NULL", "PLAIN", "CURVE")
PLAIN_CREDENTIALS = (b"Alice", b"in the Looking-Glass")
SERVER_KEYS, CLIENT_KEYS = libzmq.curve_keypair(), libzmq.curve_keypair()
ONE_WAY = ("PUSH", "PUB", "XPUB")
PUBLISHERS = ("PUB", "XPUB")
FIRST_ID, SECOND_ID = b"first", b"second"
SYNC = b"sync"


class Setting(NamedTuple):
    """One way to set up a pair."""

    first: str
    second: str
    subject_is_first: bool
    subject_binds: bool
    transport: str
    mechanism: str = "NULL"

    def __str__(self) -> str:
        names = [self.first, self.second]
        mine = 0 if self.subject_is_first else 1
        names[mine] = f"our{names[mine]}"
        binder = names[mine if self.subject_binds else 1 - mine]
        return f"{'-'.join(names)}-{self.transport}-{self.mechanism}-{binder}-binds"


def settings(
    transports: tuple[str, ...] = tuple(TRANSPORTS), mechanisms: tuple[str, ...] = ("NULL",)
) -> list[Setting]:
    """Return every way to set up every pair."""
    return [
        Setting(first, second, is_first, binds, transport, mechanism)
        for first, second in PAIRS
        for is_first in (True, False)
        for binds in (True, False)
        for transport in transports
        for mechanism in mechanisms
        if not _beyond_libzmq(first, is_first or binds, mechanism)
    ]


def _beyond_libzmq(first: str, ours: bool, mechanism: str) -> bool:
    """Tell whether libzmq fails, also among its own: its REQ gets no reply as a bound server."""
    return first == "REQ" and mechanism != "NULL" and not ours


def filler(size: int, salt: int) -> bytes:
    """Return ``size`` bytes that differ from those for another ``salt``."""
    pattern = bytes((salt + 7 * i) % 256 for i in range(251))
    return (pattern * (size // 251 + 1))[:size]


class Conversation:
    """A connected pair and the envelopes that its two applications handle."""

    def __init__(self, setting: Setting, sockets: Sockets, endpoint: str) -> None:
        self.setting = setting
        first, second = setting.first, setting.second
        make_first, make_second = sockets.subject, sockets.peer
        if not setting.subject_is_first:
            make_first, make_second = make_second, make_first
        self.first = make_first(first, **_options(first, second, FIRST_ID))
        self.second = make_second(second, **_options(second, first, SECOND_ID))
        binder, connecter = self.first, self.second
        if setting.subject_is_first != setting.subject_binds:
            binder, connecter = connecter, binder
        if setting.transport == "tcp6":
            for socket in (binder, connecter):
                socket.setsockopt(libzmq.IPV6, 1)
        _secure(setting.mechanism, binder, connecter)
        binder.bind(endpoint)
        connecter.connect(endpoint_of(binder))
        self._prefix = _prefix(first, second)
        self._stripped = (second == "ROUTER") + (first == "REQ" and second == "ROUTER")
        if first in PUBLISHERS:
            self._subscribe()

    def _subscribe(self) -> None:
        """Subscribe to all, and see to it that this has reached the publisher."""
        if self.setting.second == "SUB":
            self.second.setsockopt(libzmq.SUBSCRIBE, b"")
        else:
            self.second.send(b"\x01")
        if self.setting.first == "XPUB":
            # libzmq sends it when its application next has to do with the socket.
            while not self.first.poll(1):
                self.second.poll(0)
            assert self.first.recv() == b"\x01"
            return
        # A PUB does not tell: it publishes until something arrives.
        self.first.send(SYNC)
        while not self.second.poll(1):
            self.first.send(SYNC)
        self.first.send(b"end of " + SYNC)
        while self.second.recv() == SYNC:
            pass

    def say(self, body: list[bytes]) -> None:
        """Send from the first end, in the envelope that it takes."""
        if self.setting.first == "ROUTER":
            send_when_routable(self.first, self._prefix + body)
        else:
            self.first.send_multipart(self._prefix + body)

    def hear(self) -> tuple[list[bytes], list[bytes]]:
        """Return the envelope that the second end's application sees, and the body."""
        parts = self.second.recv_multipart()
        return parts[: self._stripped], parts[self._stripped :]

    def hear_answer(self) -> list[bytes]:
        """Return the body of the next answer, after a check of its envelope."""
        parts = self.first.recv_multipart()
        count = len(self._prefix)
        assert parts[:count] == self._prefix
        return parts[count:]

    def exchange(self, body: list[bytes], answer: list[bytes]) -> None:
        """Say something, and let it be answered where the types allow it; both arrive unchanged."""
        self.say(body)
        envelope, heard = self.hear()
        assert heard == body
        if not answer:
            return
        if self.setting.first not in ONE_WAY:
            self.second.send_multipart(envelope + answer)
            assert self.hear_answer() == answer
        elif (self.setting.first, self.setting.second) == ("XPUB", "XSUB"):
            # What is no subscription goes up, too; each frame that begins with 0 or 1 is one.
            message = [b"\x02" + part for part in answer]
            self.second.send_multipart(message)
            assert self.first.recv_multipart() == message


def _options(kind: str, other: str, routing_id: bytes) -> dict[str, int | bytes]:
    """Return the options of one end: ROUTERs must know each other's routing id (K6)."""
    if kind == other == "ROUTER":
        return {"ROUTING_ID": routing_id, "ROUTER_MANDATORY": 1}
    return {}


def _secure(mechanism: str, server: Socket, client: Socket) -> None:
    """Set the mechanism's options; the handlers of both contexts let these credentials in."""
    if mechanism == "PLAIN":
        server.setsockopt(libzmq.PLAIN_SERVER, 1)
        client.setsockopt(libzmq.PLAIN_USERNAME, PLAIN_CREDENTIALS[0])
        client.setsockopt(libzmq.PLAIN_PASSWORD, PLAIN_CREDENTIALS[1])
    elif mechanism == "CURVE":
        server.setsockopt(libzmq.CURVE_SERVER, 1)
        client.setsockopt(libzmq.CURVE_SERVERKEY, SERVER_KEYS[0])
        for socket, (public, secret) in ((server, SERVER_KEYS), (client, CLIENT_KEYS)):
            socket.setsockopt(libzmq.CURVE_PUBLICKEY, public)
            socket.setsockopt(libzmq.CURVE_SECRETKEY, secret)


def _prefix(first: str, second: str) -> list[bytes]:
    if first == "ROUTER":
        return [SECOND_ID]
    return [b""] if (first, second) == ("DEALER", "REP") else []
