"""What a socket shows of itself: peers, counters, events, and libzmq's monitor."""

import itertools
from typing import Any, Final, Self

from antiphon.constants import Event, SocketType
from antiphon.engine.peer import Peer, Stats
from antiphon.engine.socket import SocketCore
from antiphon.instrument import Instrument
from antiphon.zmq.attributes import SocketAttributes

__all__ = ("ObservedSocket",)

#: The numbers in the addresses that get_monitor_socket() chooses.
_NUMBERS: Final = itertools.count(1)


class ObservedSocket(SocketAttributes):
    """The part of a socket that looks at itself."""

    context: Any
    _host: Any
    _core: SocketCore
    _monitor_socket: Any = None

    def peers(self) -> list[Peer]:
        """Return what is known of each peer."""
        peers: list[Peer] = self._host.call(self._core.peers)
        return peers

    def stats(self) -> Stats:
        """Return the counters: messages, bytes, drops and failures by reason, and others."""
        stats: Stats = self._host.call(self._core.stats)
        return stats

    def add_instrument(self, instrument: Instrument) -> None:
        """Let an instrument see what happens from now on. Raises SocketClosed.

        It is called in the middle of the socket's work: it must not raise, block, or use a socket.
        event_stream() is for all who want to do more.
        """
        self._host.call(lambda: self._core.add_instrument(instrument))

    def remove_instrument(self, instrument: Instrument) -> None:
        """Let an instrument see no more."""
        self._host.call(lambda: self._core.remove_instrument(instrument))

    def trace(self, name: str | bool | None = True) -> None:
        """Log each message from now on as the program sends or receives it; None and False end it.

        Lines of the logger ``antiphon.trace``, at DEBUG, show the content of messages, long frames
        cut, behind ``name`` or the socket's type and a number. Where the program has set up no
        logging they go to standard error. ANTIPHON_TRACE=1 in the environment does this for all
        sockets. A proxy that runs already sees no change. Raises TypeError for a name that is none.
        """
        # Only here: few programs ask for it.
        from antiphon.hosts.tracing import trace

        self._host.call(lambda: trace(self._core, name))

    def monitor(
        self,
        addr: str | None,
        events: int = Event.ALL,
        version: int = 1,
        socket_type: int = SocketType.PAIR,
    ) -> None:
        """Send events to a PAIR that connects to ``addr``, as libzmq does; None ends that.

        ``addr`` is an endpoint of inproc, ``events`` are those wanted. Version 1 of the messages
        is ``[event and value, endpoint]``, see antiphon.zmq.utils.monitor; version 2 is ``[event,
        1, value, local address, remote address]``, and ``socket_type`` may be PUB or PUSH there.

        A reader who is too slow, or not there, holds nothing up: what it does not take is dropped
        and counted as ``monitor-full`` in stats(). Raises EndpointError (EPROTONOSUPPORT for
        another transport than inproc), OptionError (EINVAL), SocketClosed.
        """
        self._host.call(
            lambda: self._core.monitor(addr, int(events), int(version), int(socket_type))
        )

    def get_monitor_socket(self, events: int | None = None, addr: str | None = None) -> Self:
        """Return a PAIR from which ``events`` (default: all) can be received.

        The same one is returned until it is closed, or disable_monitor() is called.
        """
        current = self._monitor_socket
        if current is None or current.closed:
            endpoint = f"inproc://monitor.s-{next(_NUMBERS)}" if addr is None else addr
            self.monitor(endpoint, Event.ALL if events is None else events)
            current = self.context.socket(SocketType.PAIR)
            current.connect(endpoint)
            self._monitor_socket = current
        monitor_socket: Self = current
        return monitor_socket

    def disable_monitor(self) -> None:
        """End monitor(); who reads it receives MONITOR_STOPPED as the last event."""
        self._monitor_socket = None
        self.monitor(None, 0)
