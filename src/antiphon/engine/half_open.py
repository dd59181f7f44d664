"""Bounds what strangers may hold: connections whose handshake is not over (Z30).

When there are too many, from one address or in all, the oldest one goes, if it has had a second
for its handshake; else the newcomer does, and may dial again. Were it always the oldest one, many
clients that come at once after a restart would push each other out, and none would ever be done
(seen with 2,000 CURVE clients); were it always the newcomer, silent strangers would keep everybody
out for as long as HANDSHAKE_IVL.

How many handshakes one source may begin in a second can be bounded too: those of CURVE cost the
server some calculation, whether they are completed or not (M3).
"""

from typing import Final

from antiphon.engine.link import Link
from antiphon.errors import ProtocolError

__all__ = ("HalfOpen", "source_of")

_IPV6_HOST_BITS: Final = 64
#: For how long a handshake is left alone, in seconds.
_GRACE: Final = 1.0
#: For how long beginnings are counted together, in seconds.
_WINDOW: Final = 1.0


def source_of(host: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that an IPv6 host has."""
    if ":" not in host:
        return host
    import ipaddress

    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> _IPV6_HOST_BITS:x}/64"


class HalfOpen:
    """The links of one bound endpoint that are in their handshake.

    ``limit`` bounds all of them, ``limit_per_source`` those of one source, ``rate`` how many may
    begin from one source in a second; 0 is no bound.
    """

    def __init__(self, limit: int, limit_per_source: int, rate: int) -> None:
        self._limit = limit
        self._limit_per_source = limit_per_source
        self._rate = rate
        # How many have come from each source since then.
        self._begun: dict[str, int] = {}
        self._begun_since = 0.0
        self._sources: dict[Link, str] = {}
        # When each link came, oldest first: all of them, and those of each source.
        self._all: dict[Link, float] = {}
        self._by_source: dict[str, dict[Link, float]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, link: Link, source: str, now: float) -> None:
        """Take in a link; where there is no room, it or the oldest one is closed.

        ``source`` is what source_of() returns; empty where there are no addresses, as with ipc.
        """
        if self._rate and source and self._too_fast(source, now):
            why = f"more than {self._rate} handshakes in a second from {source}"
            link.close(ProtocolError("handshake-rate", why))
            return
        peers = self._by_source.get(source, {})
        self._make_room(peers, self._limit_per_source, link, now, f"from {source}")
        if link.open:
            self._make_room(self._all, self._limit, link, now, "in all")
        if link.open:
            self._sources[link] = source
            self._all[link] = now
            if source:
                self._by_source.setdefault(source, {})[link] = now

    def _too_fast(self, source: str, now: float) -> bool:
        if now - self._begun_since >= _WINDOW:
            self._begun_since = now
            self._begun.clear()
        count = self._begun.get(source, 0) + 1
        self._begun[source] = count
        return count > self._rate

    def _make_room(
        self, peers: dict[Link, float], limit: int, newcomer: Link, now: float, which: str
    ) -> None:
        if not 0 < limit <= len(peers):
            return
        oldest = next(iter(peers))
        link = oldest if now - peers[oldest] >= _GRACE else newcomer
        link.close(ProtocolError("half-open-limit", f"too many unfinished handshakes {which}"))

    def remove(self, link: Link) -> None:
        """Forget a link, whose handshake is over, or which has closed."""
        self._all.pop(link, None)
        source = self._sources.pop(link, "")
        if source:
            peers = self._by_source[source]
            del peers[link]
            if not peers:
                del self._by_source[source]
