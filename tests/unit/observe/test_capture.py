"""Captures: what tcpdump wrote of libzmq's sockets, and packets that come as packets do."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.observe.capture import Capture, CaptureError, Segment

CAPTURES = Path(__file__).parent / "captures"
SYN, FIN, RST, ACK = 2, 1, 4, 16


def packet(source: int, target: int, sequence: int, flags: int, data: bytes = b"") -> bytes:
    """Return an IPv4 packet from port ``source`` to port ``target``."""
    tcp = source.to_bytes(2, "big") + target.to_bytes(2, "big") + sequence.to_bytes(4, "big")
    tcp += bytes(4) + bytes([5 << 4, flags]) + bytes(6) + data
    head = b"\x45\x00" + (20 + len(tcp)).to_bytes(2, "big") + bytes(5) + b"\x06" + bytes(2)
    return head + b"\x7f\x00\x00\x01" * 2 + tcp


def capture(packets: list[bytes], link: int = 101) -> Capture:
    out = b"\xd4\xc3\xb2\xa1" + b"\x02\0\x04\0" + bytes(8) + b"\xff\xff\0\0"
    out += link.to_bytes(4, "little")
    for second, data in enumerate(packets):
        size = len(data).to_bytes(4, "little")
        out += second.to_bytes(4, "little") + (500_000).to_bytes(4, "little") + size + size + data
    return Capture(io.BytesIO(out))


def text(segments: list[Segment], source: str = "127.0.0.1:1") -> bytes:
    return b"".join(segment.data for segment in segments if segment.source == source)


@pytest.mark.parametrize("name", ["tcpdump-lo.pcap", "tcpdump-any.pcap"])
def test_a_capture_of_tcpdump(name: str) -> None:
    """A REQ and a REP of libzmq, then a PUSH and a PULL with CURVE."""
    with (CAPTURES / name).open("rb") as file:
        segments = list(Capture(file).segments())
    opened = [(segment.source, segment.target) for segment in segments if segment.opened]
    assert len(opened) == 2
    assert all(target == "127.0.0.1:7001" for _, target in opened)
    said = {
        ends: b"".join(s.data for s in segments if (s.source, s.target) == ends)
        for ends in [*opened, *((target, source) for source, target in opened)]
    }
    first, second = opened
    assert said[first].endswith(b"\x01\x00\x00\x05Hello")
    assert said[first[1], first[0]].endswith(b"\x01\x00\x00\x05World")
    assert b"\x08INITIATE" in said[second]
    assert sum(segment.closed for segment in segments) == 2


@given(st.permutations(range(6)), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_order_of_packets_does_not_matter(order: list[int], first: int, again: int) -> None:
    sent = [b"a", b"bc", b"def", b"g", b"hi", b"jkl"]
    starts = [sum(map(len, sent[:index])) + 1 for index in range(6)]
    packets = [packet(1, 2, first, SYN)]
    packets += [
        packet(1, 2, (first + starts[index]) % 2**32, ACK, sent[index]) for index in [*order, again]
    ]
    assert text(list(capture(packets).segments())) == b"abcdefghijkl"


def test_what_was_sent_twice_is_taken_once() -> None:
    packets = [
        packet(1, 2, 99, SYN),
        packet(1, 2, 100, ACK, b"abc"),
        packet(1, 2, 100, ACK, b"abcde"),
        packet(1, 2, 102, ACK, b"cdef"),
        packet(1, 2, 100, ACK, b"ab"),
    ]
    assert text(list(capture(packets).segments())) == b"abcdef"


def test_connections_begin_and_end() -> None:
    segments = list(
        capture(
            [
                packet(1, 2, 0, SYN),
                packet(2, 1, 50, SYN | ACK),
                packet(1, 2, 1, ACK, b"q"),
                packet(2, 1, 51, ACK | FIN, b"r"),
                packet(1, 2, 2, FIN),
                packet(1, 2, 0, SYN),
                packet(2, 1, 0, RST),
            ]
        ).segments()
    )
    assert [(s.source[-1], s.data, s.opened, s.closed) for s in segments] == [
        ("1", b"", True, False),
        ("1", b"q", False, False),
        ("2", b"r", False, False),
        ("1", b"", False, True),
        ("1", b"", True, False),
    ]
    assert [s.time for s in segments] == [0.5, 2.5, 3.5, 4.5, 5.5]


def test_a_connection_whose_beginning_is_missing_is_not_followed() -> None:
    assert list(capture([packet(1, 2, 5, ACK, b"x")]).segments()) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "tcpdump -w"),
        (b"\x0a\x0d\x0d\x0a" + bytes(30), "editcap"),
        (b"\xd4\xc3\xb2\xa1" + bytes(16) + b"\xff\x00\x00\x00", "link type 255"),
    ],
)
def test_what_is_no_capture_is_refused_with_the_remedy(data: bytes, words: str) -> None:
    with pytest.raises(CaptureError, match=words):
        Capture(io.BytesIO(data))


@given(st.lists(st.binary(max_size=80), max_size=5), st.sampled_from([1, 101, 113, 276, 0]))
def test_any_packet_is_read_or_passed_over(packets: list[bytes], link: int) -> None:
    assert isinstance(list(capture(packets, link).segments()), list)
