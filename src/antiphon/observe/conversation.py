"""What goes by on a connection, in both directions, as records and as lines for people."""

from antiphon.message import draw_heads
from antiphon.observe.tap import MESSAGE, Frame, Sighting, Tap

__all__ = ("Conversation", "Event", "draw", "draw_frames", "split_envelope")


class Event:
    """Something that was said on a connection.

    ``time`` is seconds since the observation began, ``connection`` counts connections, ``arrow``
    is ``">"`` for what the connecting side says and ``"<"`` for what it is told, ``gap`` is the
    seconds since the last message in the other direction (negative: there was none).
    """

    def __init__(
        self, time: float, connection: int, arrow: str, sighting: Sighting, gap: float
    ) -> None:
        self.time = time
        self.connection = connection
        self.arrow = arrow
        self.sighting = sighting
        self.gap = gap

    def as_dict(self) -> dict[str, object]:
        """Return what machines read: frames are hexadecimal digits, cut where they are long."""
        sighting = self.sighting
        record: dict[str, object] = {
            "time": round(self.time, 6),
            "connection": self.connection,
            "direction": "out" if self.arrow == ">" else "in",
            "kind": sighting.kind,
            "size": sighting.size,
        }
        if sighting.name:
            record["name"] = sighting.name
        if sighting.details:
            record["details"] = sighting.details
        if sighting.kind == MESSAGE:
            addresses, body = split_envelope(sighting)
            record["frames"] = sighting.count
            record["addresses"] = [frame.head.hex() for frame in addresses or ()]
            record["delimiter"] = addresses is not None
            record["body"] = [frame.head.hex() for frame in body]
            record["sizes"] = [frame.size for frame in sighting.frames]
        if self.gap >= 0:
            record["gap"] = round(self.gap, 6)
        return record


class Conversation:
    """One connection; ``number`` counts connections."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._taps = {">": Tap(), "<": Tap()}
        self._last = {">": -1.0, "<": -1.0}

    def hear(self, arrow: str, data: bytes, time: float) -> list[Event]:
        """Return what was said with these bytes, ``time`` seconds after the beginning."""
        events: list[Event] = []
        other = "<" if arrow == ">" else ">"
        for sighting in self._taps[arrow].feed(data):
            gap = -1.0
            if sighting.kind == MESSAGE:
                if self._last[other] >= 0:
                    gap = time - self._last[other]
                self._last[arrow] = time
            events.append(Event(time, self.number, arrow, sighting, gap))
        return events


def split_envelope(sighting: Sighting) -> tuple[list[Frame] | None, list[Frame]]:
    """Return a message's addresses (None where it has no delimiter) and its body (E1)."""
    for index, frame in enumerate(sighting.frames):
        if frame.size == 0 and index < sighting.count - 1:
            return sighting.frames[:index], sighting.frames[index + 1 :]
    return None, sighting.frames


def draw_frames(sighting: Sighting) -> str:
    """Draw a message as ``addresses | delimiter | body``."""
    return draw_heads([(frame.size, frame.head) for frame in sighting.frames], sighting.count)


def draw(event: Event) -> str:
    """Draw an event as one line."""
    sighting = event.sighting
    line = f"{event.time:11.6f}  #{event.connection} {event.arrow} "
    if sighting.kind == MESSAGE:
        gap = f"  ({event.gap * 1000:.2f} ms)" if event.gap >= 0 else ""
        return line + draw_frames(sighting) + gap
    details = "  ".join(f"{name}={value}" for name, value in sighting.details.items())
    what = sighting.name if sighting.kind == "command" else f"{sighting.kind} {sighting.name}"
    if sighting.kind in ("encrypted", "command"):
        details = f"{details}  ({sighting.size} bytes)" if details else f"({sighting.size} bytes)"
    return f"{line}{what}  {details}".rstrip()
