"""Simulated byte streams: two halves, each bounded, delayed, cut in pieces, and breakable."""

from typing import TYPE_CHECKING, Final

from antiphon.engine.network import LARGE_FRAME, Receiver, Stream

if TYPE_CHECKING:
    from antiphon.testing.network import Machine

__all__ = ("SimulatedStream", "join")

#: How many bytes may be on their way in one direction before the writer is held back.
_BUFFER: Final = 65536
_LOST: Final = ("connection-lost", "the connection was lost")


def join(dialing: "Machine", listening: "Machine") -> tuple["SimulatedStream", "SimulatedStream"]:
    """Return the two ends of a new connection."""
    near = SimulatedStream(dialing, f"sim://{listening.name}")
    far = SimulatedStream(listening, f"sim://{dialing.name}")
    near.far, far.far = far, near
    dialing.world.streams += [near, far]
    return near, far


class SimulatedStream(Stream):
    """One end of a connection between two machines."""

    far: "SimulatedStream"

    def __init__(self, machine: "Machine", peer_address: str) -> None:
        super().__init__(peer_address)
        self.machine = machine
        self.receiver: Receiver | None = None
        self.open = True
        #: What the far end has written and this end has not yet read, with what follows it.
        self.arriving = bytearray()
        self.end: tuple[str, str] | None = None
        self._reading = True
        self._delivering = False
        self._flowing = False
        self.writer_waits = False

    # What a link calls.

    def start(self, receiver: Receiver) -> None:
        """Begin to deliver what arrives."""
        self.receiver = receiver
        self.schedule()

    def write(self, chunks: list[bytes]) -> bool:
        """Take over bytes; False while more are on their way than the buffer holds."""
        far = self.far
        if far.open and far.end is None:
            for chunk in chunks:
                far.arriving += chunk
            far.schedule()
        if len(far.arriving) < _BUFFER:
            return True
        far.writer_waits = True
        return False

    def unsent(self) -> int:
        """Return how many bytes are on their way."""
        return len(self.far.arriving)

    def pause_reading(self) -> None:
        """Leave what arrives where it is."""
        self._reading = False

    def resume_reading(self) -> None:
        """Read again."""
        self._reading = True
        self.schedule()

    def close(self) -> None:
        """Close this end; the far one reads what is on its way, then the end."""
        if self.open:
            self.open = False
            self.machine.world.streams.remove(self)
            self.far.ends("peer-closed", "the peer has closed the connection")

    # What the world does.

    def cut(self) -> None:
        """Lose the connection, and what is on its way in both directions."""
        for end in (self, self.far):
            end.arriving.clear()
            end.ends(*_LOST)

    def ends(self, reason: str, detail: str) -> None:
        """Tell this end, after what is on its way, that the connection is over."""
        if self.end is None:
            self.end = reason, detail
            self.schedule()

    def schedule(self) -> None:
        """Deliver what arrives, once it has been on its way long enough."""
        if not self._delivering and self.open and self.receiver is not None:
            self._delivering = True
            world = self.machine.world
            # What follows a piece was on its way together with it.
            delay = 0.0 if self._flowing else world.latency()
            world.at(delay, self._deliver)

    def _deliver(self) -> None:
        self._delivering = self._flowing = False
        receiver = self.receiver
        if receiver is None or not self.open:
            return
        world = self.machine.world
        if self.end != _LOST and not world.connected(self.machine, self.far.machine):
            self.schedule()
            return
        if world.breaks():
            self.cut()
        if self.arriving:
            if not self._reading:
                return
            self._hand_over(receiver)
            self._release_writer()
        elif self.end is not None:
            receiver.closed(*self.end)
        if self.arriving or self.end is not None:
            self._flowing = True
            self.schedule()

    def _hand_over(self, receiver: Receiver) -> None:
        size = self.machine.world.piece(len(self.arriving))
        if receiver.missing >= LARGE_FRAME:
            with receiver.body_buffer() as room:
                size = min(size, len(room))
                room[:size] = self.arriving[:size]
            del self.arriving[:size]
            receiver.body_received(size)
            return
        data = bytes(self.arriving[:size])
        del self.arriving[:size]
        receiver.received(data)

    def _release_writer(self) -> None:
        writer = self.far
        if self.writer_waits and len(self.arriving) <= _BUFFER // 2:
            self.writer_waits = False
            if writer.open and writer.receiver is not None:
                writer.receiver.flush()
