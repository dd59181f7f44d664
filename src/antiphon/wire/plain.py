"""The PLAIN mechanism (RFC 24): a user name and a password, in the clear.

client HELLO -> server WELCOME -> client INITIATE -> server READY
"""

from typing import Final

from antiphon.errors import ProtocolError
from antiphon.wire.command import Command, encode_metadata, encode_ready
from antiphon.wire.mechanism import Local, Mechanism, Question, unexpected

__all__ = ("PlainClient", "PlainServer")

_HELLO: Final = 0
_WELCOME: Final = 1
_INITIATE: Final = 2
_READY: Final = 3
#: What is waited for in each state.
_WANTED: Final = ("HELLO", "WELCOME", "INITIATE", "READY")


class PlainClient(Mechanism):
    """The side that shows its credentials: ``username`` and ``password``, at most 255 octets."""

    name = b"PLAIN"

    def __init__(self, local: Local, username: bytes, password: bytes) -> None:
        super().__init__(local, False)
        self._username = username
        self._password = password
        self._awaited = _WELCOME

    def start(self) -> list[bytes]:
        """Return HELLO with the credentials."""
        user, password = self._username, self._password
        return [b"\x05HELLO" + bytes([len(user)]) + user + bytes([len(password)]) + password]

    def on_command(self, command: Command) -> list[bytes]:
        """Take WELCOME and READY. Raises ProtocolError for anything else."""
        if self._awaited == _WELCOME and command.name == b"WELCOME":
            if command.data:
                raise ProtocolError("malformed-welcome", "there is data in the WELCOME command")
            self._awaited = _READY
            return [b"\x08INITIATE" + encode_metadata(self.local.properties())]
        if self._awaited == _READY and command.name == b"READY":
            self.accept_properties(command.data)
            self.complete = True
            return []
        raise unexpected(command, _WANTED[self._awaited])


class PlainServer(Mechanism):
    """The side that has the credentials judged."""

    name = b"PLAIN"

    def __init__(self, local: Local) -> None:
        super().__init__(local, True)
        self._awaited = _HELLO

    def start(self) -> list[bytes]:
        """Return nothing: the client speaks first, whoever has connected."""
        return []

    def on_command(self, command: Command) -> list[bytes]:
        """Take HELLO and INITIATE. Raises ProtocolError for anything else."""
        if self._awaited == _HELLO and command.name == b"HELLO":
            self._awaited = _INITIATE
            self.question = Question(self.name, _decode_hello(command.data))
            return []
        if self._awaited == _INITIATE and command.name == b"INITIATE":
            self.accept_properties(command.data)
            self.complete = True
            return [encode_ready(self.local.properties())]
        raise unexpected(command, _WANTED[self._awaited])

    def admit(self) -> list[bytes]:
        """Return WELCOME."""
        return [b"\x07WELCOME"]


def _decode_hello(data: bytes) -> list[bytes]:
    """Return user name and password. Raises ProtocolError ``malformed-hello`` (L1)."""
    credentials: list[bytes] = []
    position = 0
    for _ in range(2):
        if position >= len(data):
            raise ProtocolError("malformed-hello", "a length in the HELLO command is missing")
        stop = position + 1 + data[position]
        credentials.append(data[position + 1 : stop])
        position = stop
    if position != len(data):
        raise ProtocolError("malformed-hello", "the lengths in the HELLO command are not its own")
    return credentials
