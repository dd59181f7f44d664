"""A topology as people write it down: a TOML file with a table per socket.

    [[socket]]
    name = "client"
    type = "REQ"
    count = 10
    connect = ["tcp://broker:5555"]

Further keys of a socket: ``bind`` (endpoints), ``routing_id``, ``connect_routing_id`` and
``probe_router`` (what those options are set to), and ``starts`` (true for a socket whose program
sends before it has received anything).
"""

import tomllib
from typing import Final

from antiphon.endpoint import Endpoint, parse_endpoint
from antiphon.errors import EndpointError, ZMQBaseError
from antiphon.wire.pairs import LEGAL_PAIRS

__all__ = ("SocketPlan", "Topology", "TopologyError", "read_topology")

_KEYS: Final = (
    "bind",
    "connect",
    "connect_routing_id",
    "count",
    "name",
    "probe_router",
    "routing_id",
    "starts",
    "type",
)
_TYPES: Final = tuple(sorted(name.decode() for name in LEGAL_PAIRS))


class TopologyError(ZMQBaseError):
    """A description that cannot be read; the text names the socket and the key, and the remedy."""


class SocketPlan:
    """One socket of a description, or ``count`` alike."""

    def __init__(self, name: str, socket_type: str) -> None:
        self.name = name
        self.type = socket_type
        self.count = 1
        self.binds: list[Endpoint] = []
        self.connects: list[Endpoint] = []
        self.routing_id = ""
        self.connect_routing_id = ""
        self.probe_router = False
        self.starts = False


class Topology:
    """All the sockets of a description."""

    def __init__(self, sockets: list[SocketPlan]) -> None:
        self.sockets = sockets


def read_topology(text: str) -> Topology:
    """Return what a description says. Raises TopologyError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopologyError(f"it is no TOML: {error}") from None
    for key in document:
        if key != "socket":
            raise TopologyError(f"{key!r} is not known: a description has [[socket]] tables only")
    tables = document.get("socket", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise TopologyError("write each socket as a table that begins with [[socket]]")
    if not tables:
        raise TopologyError("there is no socket in it: begin one with [[socket]]")
    sockets = [_read_socket(table, number) for number, table in enumerate(tables, 1)]
    names: set[str] = set()
    for plan in sockets:
        if plan.name in names:
            raise TopologyError(f"socket {plan.name!r}: another socket has this name")
        names.add(plan.name)
    return Topology(sockets)


def _read_socket(table: dict[str, object], number: int) -> SocketPlan:
    name = _text(table, "name", f"socket {number}")
    if not name:
        raise TopologyError(f"socket {number}: name is missing")
    where = f"socket {name!r}"
    for key in table:
        if key not in _KEYS:
            raise TopologyError(f"{where}: {key!r} is not known: the keys are {', '.join(_KEYS)}")
    plan = SocketPlan(name, _text(table, "type", where))
    if plan.type not in _TYPES:
        raise TopologyError(f"{where}: type takes one of {', '.join(_TYPES)}, not {plan.type!r}")
    plan.count = _count(table, where)
    plan.binds = _endpoints(table, "bind", where)
    plan.connects = _endpoints(table, "connect", where)
    plan.routing_id = _text(table, "routing_id", where)
    plan.connect_routing_id = _text(table, "connect_routing_id", where)
    plan.probe_router = _switch(table, "probe_router", where)
    plan.starts = _switch(table, "starts", where)
    return plan


def _text(table: dict[str, object], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise TopologyError(f"{where}: {key} takes text in quotes, not {value!r}")
    return value


def _switch(table: dict[str, object], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise TopologyError(f"{where}: {key} takes true or false, not {value!r}")
    return value


def _count(table: dict[str, object], where: str) -> int:
    value = table.get("count", 1)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TopologyError(f"{where}: count takes a whole number from 1, not {value!r}")
    return value


def _endpoints(table: dict[str, object], key: str, where: str) -> list[Endpoint]:
    value = table.get(key, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list):
        raise TopologyError(f"{where}: {key} takes a list of endpoints, not {value!r}")
    endpoints: list[Endpoint] = []
    for text in texts:
        if not isinstance(text, str):
            raise TopologyError(f"{where}: {key} takes endpoints in quotes, not {text!r}")
        try:
            endpoints.append(parse_endpoint(text, bind=key == "bind"))
        except EndpointError as error:
            raise TopologyError(f"{where}: {key} {text!r}: {error.why}") from None
    return endpoints
