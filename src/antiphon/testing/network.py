"""Machines that share a virtual clock; what happens follows from the seed and nothing else."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from antiphon.endpoint import Endpoint
from antiphon.engine.network import Acceptor, Call, Caller, Listener, Network, Timer
from antiphon.errors import EADDRINUSE, ECONNREFUSED, EINPROGRESS, EndpointError
from antiphon.options import SocketOptions
from antiphon.testing.wire import SimulatedStream, join
from antiphon.transport.inproc import InprocExchange

__all__ = ("Faults", "Machine", "StuckError", "World")

_FIRST_PORT: Final = 49152
#: The hosts by which a machine calls itself.
_SELF: Final = ("*", "0.0.0.0", "127.0.0.1", "::", "::1", "localhost")
_MAX_EVENTS: Final = 1_000_000
#: The transports that have hosts and ports.
_HOSTED: Final = ("tcp", "ws")


class StuckError(AssertionError):
    """What a test waits for does not happen in the time it gives."""


@dataclass(frozen=True)
class Faults:
    """What goes wrong between machines, by chance."""

    #: How long bytes and connections are on their way, in seconds, and how much longer at most.
    latency: float = 0.0005
    jitter: float = 0.0
    #: The largest piece in which bytes arrive, of random size; 0: all that there is.
    fragment: int = 0
    #: How probable it is that a connection attempt fails.
    refuse: float = 0.0
    #: How probable it is that a connection breaks, for each piece that arrives.
    cut: float = 0.0


class World:
    """Machines, the clock, and all that is going to happen.

    ``seed`` decides about every random choice: the same program with the same seed does the same.
    """

    def __init__(self, seed: int = 0, faults: Faults | None = None) -> None:
        self.faults = faults if faults is not None else Faults()
        self.chance = random.Random(seed)
        self.clock = 0.0
        self.machines: dict[str, Machine] = {}
        #: The open ends of connections.
        self.streams: list[SimulatedStream] = []
        self._parted: set[frozenset[str]] = set()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def machine(self, name: str) -> "Machine":
        """Return the machine of that name, which other machines use as its host name."""
        if name not in self.machines:
            self.machines[name] = Machine(self, name)
        return self.machines[name]

    # Time.

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.clock + seconds
        self._flush()
        while self._agenda and self._agenda[0][0] <= until:
            self._step()
        self.clock = until

    def run_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Let time pass until ``condition()`` holds; raises StuckError after ``seconds``."""
        until = self.clock + seconds
        self._flush()
        for _ in range(_MAX_EVENTS):
            if condition():
                return
            if not self._agenda or self._agenda[0][0] > until:
                break
            self._step()
        raise StuckError(f"not within {seconds} s: {condition}")

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Let something happen ``delay`` seconds from now."""
        self._number += 1
        heapq.heappush(self._agenda, (self.clock + delay, self._number, action))

    def _step(self) -> None:
        self.clock, _, action = heapq.heappop(self._agenda)
        for machine in self.machines.values():
            machine.pass_time = self.clock
        action()
        self._flush()

    def _flush(self) -> None:
        for machine in list(self.machines.values()):
            machine.flush()

    # Faults.

    def cut(self) -> None:
        """Break every connection; peers connect again as their options say."""
        for stream in list(self.streams):
            stream.cut()

    def part(self, one: str, other: str) -> None:
        """Let nothing pass between two machines until mend()."""
        self._parted.add(frozenset((one, other)))

    def mend(self) -> None:
        """Let everything pass again."""
        self._parted.clear()

    def connected(self, one: "Machine", other: "Machine") -> bool:
        """Tell whether anything passes between two machines."""
        return frozenset((one.name, other.name)) not in self._parted

    def latency(self) -> float:
        """Return how long the next thing is on its way."""
        return self.faults.latency + self.faults.jitter * self.chance.random()

    def breaks(self) -> bool:
        """Tell whether a connection breaks now."""
        return self.chance.random() < self.faults.cut

    def piece(self, available: int) -> int:
        """Return how many of the available bytes arrive together."""
        most = self.faults.fragment
        return min(available, self.chance.randint(1, most)) if most else available


class _Listener(Listener):
    def __init__(self, machine: "Machine", endpoint: str, acceptor: Acceptor) -> None:
        super().__init__(endpoint)
        self.machine = machine
        self.acceptor = acceptor

    def close(self) -> None:
        self.machine.listeners.pop(_key(self.endpoint), None)


class _Call(Call):
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Machine(Network):
    """A machine of a World: the Network that its sockets run on.

    ``tcp://NAME:PORT`` and ``ws://NAME:PORT`` reach the machine called NAME, 127.0.0.1 the machine
    itself.
    """

    def __init__(self, world: World, name: str) -> None:
        super().__init__(InprocExchange())
        self.world = world
        self.name = name
        self.listeners: dict[str, _Listener] = {}
        self._next_port = _FIRST_PORT

    def flush(self) -> None:
        """Write what links have waiting."""
        for waiting in (self.dirty, self.patient):
            while waiting:
                receivers = waiting.copy()
                waiting.clear()
                for receiver in receivers:
                    receiver.flush()

    def now(self) -> float:
        """Return the world's clock."""
        return self.world.clock

    def random(self) -> float:
        """Return the next random number of the world."""
        return self.world.chance.random()

    def entropy(self, count: int) -> bytes:
        """Return octets of the world's chance, which is foreseeable, so that runs repeat."""
        return self.world.chance.randbytes(count)

    def set_timer(self, timer: Timer, delay: float) -> None:
        """Let a timer fire ``delay`` seconds from now."""
        deadline = self.world.clock + delay
        timer.deadline = deadline

        def fire() -> None:
            if timer.deadline == deadline:
                timer.deadline = -1.0
                timer.fire()

        self.world.at(delay, fire)

    def cancel_timer(self, timer: Timer) -> None:
        """Let a timer not fire."""
        timer.deadline = -1.0

    def listen(self, endpoint: Endpoint, options: SocketOptions, acceptor: Acceptor) -> Listener:
        """Listen from now on. Raises EndpointError (EADDRINUSE)."""
        del options
        text = endpoint.text
        if endpoint.scheme in _HOSTED:
            port = endpoint.port
            if not port:
                port = self._next_port
                self._next_port += 1
            text = f"{endpoint.scheme}://{endpoint.host}:{port}{endpoint.path}"
        if _key(text) in self.listeners:
            raise EndpointError(EADDRINUSE, text, "another socket of this machine listens there")
        listener = _Listener(self, text, acceptor)
        self.listeners[_key(text)] = listener
        return listener

    def dial(self, endpoint: Endpoint, options: SocketOptions, caller: Caller) -> Call:
        """Connect after the latency of the world, or fail."""
        del options
        call = _Call()

        def arrive() -> None:
            if not call.cancelled:
                caller.attempting(EINPROGRESS)
                self._connect(endpoint, caller)

        self.world.at(self.world.latency(), arrive)
        return call

    def _connect(self, endpoint: Endpoint, caller: Caller) -> None:
        world = self.world
        target: Machine | None = self
        if endpoint.scheme in _HOSTED and endpoint.host not in _SELF:
            target = world.machines.get(endpoint.host)
        if target is None:
            _refuse(caller, f"there is no machine {endpoint.host}")
            return
        listener = target.listeners.get(_key(endpoint.text))
        if listener is None or not world.connected(self, target):
            _refuse(caller, "connection refused")
            return
        if world.chance.random() < world.faults.refuse:
            _refuse(caller, "connection refused by chance")
            return
        near, far = join(self, target)
        listener.acceptor.accepted(far)
        caller.connected(near)


def _refuse(caller: Caller, why: str) -> None:
    caller.attempt_failed(-1, ECONNREFUSED)
    caller.failed(why)


def _key(endpoint: str) -> str:
    """Return what tells the listeners of one machine apart: a port or a path."""
    scheme, _, address = endpoint.partition("://")
    return address.partition("/")[0].rpartition(":")[2] if scheme in _HOSTED else address
