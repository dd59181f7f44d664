"""Which pattern each socket type follows."""

from typing import Final

from antiphon.constants import SocketType
from antiphon.engine.network import Network
from antiphon.errors import OptionError
from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pair import Pair
from antiphon.patterns.pipeline import Pull, Push
from antiphon.patterns.publisher import Pub, Xpub
from antiphon.patterns.radio import Dish, Radio
from antiphon.patterns.reqrep import Dealer, Rep, Req
from antiphon.patterns.router import Router
from antiphon.patterns.stream import Stream
from antiphon.patterns.subscriber import Sub, Xsub
from antiphon.patterns.threadsafe import Channel, Client, Gather, Peer, Scatter, Server

__all__ = ("make_pattern",)

_PLAIN: Final[dict[int, type[Pattern]]] = {
    int(SocketType.PAIR): Pair,
    int(SocketType.PUB): Pub,
    int(SocketType.SUB): Sub,
    int(SocketType.REP): Rep,
    int(SocketType.DEALER): Dealer,
    int(SocketType.PULL): Pull,
    int(SocketType.PUSH): Push,
    int(SocketType.XPUB): Xpub,
    int(SocketType.XSUB): Xsub,
    int(SocketType.CLIENT): Client,
    int(SocketType.RADIO): Radio,
    int(SocketType.DISH): Dish,
    int(SocketType.GATHER): Gather,
    int(SocketType.SCATTER): Scatter,
    int(SocketType.CHANNEL): Channel,
}
#: These number something, from a random start.
_NUMBERING: Final[dict[int, type[Req] | type[Router]]] = {
    int(SocketType.REQ): Req,
    int(SocketType.ROUTER): Router,
    int(SocketType.STREAM): Stream,
    int(SocketType.SERVER): Server,
    int(SocketType.PEER): Peer,
}


def make_pattern(socket_type: int, options: SocketOptions, network: Network) -> Pattern:
    """Return a new pattern for a socket type. Raises OptionError for one that is not there."""
    plain = _PLAIN.get(socket_type)
    if plain is not None:
        return plain(options)
    numbering = _NUMBERING.get(socket_type)
    if numbering is not None:
        return numbering(options, int(network.random() * 2**32))
    known = sorted(SocketType(number).name for number in (*_PLAIN, *_NUMBERING))
    raise OptionError("socket type", socket_type, f"use one of {', '.join(known)}")
