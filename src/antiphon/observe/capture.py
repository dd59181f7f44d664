"""Reads what tcpdump has written: TCP connections out of a capture file (pcap).

Packets are put in order and what was sent twice is taken once. A connection whose beginning is
not in the file cannot be followed: where a frame starts is not known.
"""

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import BinaryIO, Final, NamedTuple

from antiphon.errors import ZMQBaseError

__all__ = ("Capture", "CaptureError", "Segment")

#: The magic number of each byte order, and how many units of its clock are a second.
_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("little", 1_000_000),
    b"\xa1\xb2\xc3\xd4": ("big", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("little", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": ("big", 1_000_000_000),
}
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_FILE_HEADER: Final = 24
_PACKET_HEADER: Final = 16
_MAX_PACKET: Final = 1 << 20
#: How much may wait for a packet that is missing, in bytes for each direction.
_MAX_WAITING: Final = 4 << 20

#: The link types that tcpdump writes on Linux and macOS, and where the network packet begins.
_ETHERNET: Final = 1
_OFFSETS: Final = {0: 4, 108: 4, 12: 0, 101: 0, 228: 0, 229: 0, 113: 16, 276: 20}
_TAGGED: Final = (b"\x81\x00", b"\x88\xa8")
_TCP: Final = 6
_FIN: Final = 1
_SYN: Final = 2
_RST: Final = 4
_WRAP: Final = 1 << 32


class CaptureError(ZMQBaseError):
    """A file that is no capture which can be read; the text says why and what to do."""


class Segment(NamedTuple):
    """Bytes that went from ``source`` to ``target`` at a time (seconds since 1970).

    ``opened`` tells that a connection begins, from its first packet on; ``closed`` that one ends.
    """

    time: float
    source: str
    target: str
    data: bytes
    opened: bool = False
    closed: bool = False


class _Packet(NamedTuple):
    time: float
    source: str
    target: str
    sequence: int
    flags: int
    data: bytes


class _Flow:
    """One direction of a connection: hands out bytes in their order."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        # What has come before its turn, by sequence number.
        self._early: dict[int, bytes] = {}
        self._waiting = 0

    def take(self, sequence: int, data: bytes) -> bytes:
        """Return what can be read on with this packet."""
        if not data:
            return b""
        if self._waiting < _MAX_WAITING:
            self._early[sequence] = data
            self._waiting += len(data)
        readable: list[bytes] = []
        while self._next(readable):
            pass
        return b"".join(readable)

    def _next(self, readable: list[bytes]) -> bool:
        for sequence, data in self._early.items():
            # What was sent twice begins before what is expected.
            behind = (self._expected - sequence) % _WRAP
            if behind < _WRAP // 2:
                del self._early[sequence]
                self._waiting -= len(data)
                fresh = data[behind:]
                self._expected = (self._expected + len(fresh)) % _WRAP
                readable.append(fresh)
                return True
        return False


class Capture:
    """A capture file, open for reading in binary. Raises CaptureError if it is none."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        header = file.read(_FILE_HEADER)
        if header.startswith(_PCAPNG):
            raise CaptureError("it is pcapng: convert it with editcap -F pcap")
        if len(header) < _FILE_HEADER or header[:4] not in _MAGICS:
            raise CaptureError("it is no capture: write one with tcpdump -w FILE tcp port PORT")
        order, self._units = _MAGICS[header[:4]]
        self._little = order == "little"
        link = self._number(header[20:24]) & 0xFFFF
        if link != _ETHERNET and link not in _OFFSETS:
            raise CaptureError(f"its link type {link} is not known: capture with tcpdump -i any")
        self._link = link
        self._flows: dict[tuple[str, str], _Flow] = {}

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self._little else "big")

    def segments(self) -> Iterator[Segment]:
        """Give the bytes of all connections in the order in which they can be read."""
        for packet in self._packets():
            yield from self._follow(packet)

    def _packets(self) -> Iterator[_Packet]:
        while True:
            header = self._file.read(_PACKET_HEADER)
            if len(header) < _PACKET_HEADER:
                return
            size = self._number(header[8:12])
            if size > _MAX_PACKET:
                raise CaptureError(f"a packet of {size} bytes: the file is damaged")
            time = self._number(header[:4]) + self._number(header[4:8]) / self._units
            packet = _parse_link(self._link, self._file.read(size), time)
            if packet is not None:
                yield packet

    def _follow(self, packet: _Packet) -> Iterator[Segment]:
        key = (packet.source, packet.target)
        if packet.flags & _SYN:
            again = key in self._flows
            self._flows[key] = _Flow((packet.sequence + 1) % _WRAP)
            if not again and (packet.target, packet.source) not in self._flows:
                yield Segment(packet.time, packet.source, packet.target, b"", opened=True)
            return
        flow = self._flows.get(key)
        if flow is None:
            return
        data = flow.take(packet.sequence, packet.data)
        if data:
            yield Segment(packet.time, packet.source, packet.target, data)
        if packet.flags & (_FIN | _RST):
            self._flows.pop(key, None)
            if packet.flags & _RST:
                self._flows.pop((packet.target, packet.source), None)
            if (packet.target, packet.source) not in self._flows:
                yield Segment(packet.time, packet.source, packet.target, b"", closed=True)


def _parse_link(link: int, data: bytes, time: float) -> _Packet | None:
    start = _OFFSETS.get(link, 14)
    if link == _ETHERNET:
        while data[start - 2 : start] in _TAGGED:
            start += 4
    version = data[start] >> 4 if len(data) > start else 0
    if version == 4:
        return _parse_ipv4(data[start:], time)
    return _parse_ipv6(data[start:], time) if version == 6 else None


def _parse_ipv4(data: bytes, time: float) -> _Packet | None:
    if len(data) < 20 or data[9] != _TCP or int.from_bytes(data[6:8], "big") & 0x3FFF:
        return None
    source, target = (".".join(map(str, data[start : start + 4])) for start in (12, 16))
    size = int.from_bytes(data[2:4], "big") or len(data)
    return _parse_tcp(data[(data[0] & 15) * 4 : size], source, target, time)


def _parse_ipv6(data: bytes, time: float) -> _Packet | None:
    if len(data) < 40 or data[6] != _TCP:
        return None
    source, target = (f"[{IPv6Address(data[start : start + 16])}]" for start in (8, 24))
    size = int.from_bytes(data[4:6], "big") or len(data) - 40
    return _parse_tcp(data[40 : 40 + size], source, target, time)


def _parse_tcp(data: bytes, source: str, target: str, time: float) -> _Packet | None:
    if len(data) < 20:
        return None
    ports = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    return _Packet(
        time,
        f"{source}:{ports[0]}",
        f"{target}:{ports[1]}",
        int.from_bytes(data[4:8], "big"),
        data[13],
        data[(data[12] >> 4) * 4 :],
    )
