"""How cost grows with peers: a ROUTER with ten of them, and with ten thousand."""

from collections.abc import Mapping
from functools import partial

from benchmarks.processes import first_line, output, program, running
from benchmarks.scenario import Bound, Contender, Figures, Scenario
from benchmarks.sides import contender

__all__ = ("SCENARIOS",)

_FEW = 10
_MANY = 10_000


def _router(
    requests: int, *, package: str, peers: int, environment: Mapping[str, str] | None = None
) -> Figures:
    return _crowded(program(package, "router", package), peers, requests, environment)


def _plain(requests: int, *, peers: int) -> Figures:
    return _crowded(program("select", "plain_router"), peers, requests)


def _crowded(
    command: list[str], peers: int, requests: int, environment: Mapping[str, str] | None = None
) -> Figures:
    with running(command, environment) as server:
        endpoint = first_line(server)
        crowd = program("psutil", "crowd", endpoint, str(peers), str(requests), str(server.pid))
        return output(crowd)


SCENARIOS = (
    Scenario(
        "peers",
        "Peers: a blocking ROUTER whose peers ask in turn, ten at a time, tcp, 16 bytes",
        50_000,
        (
            contender("pyzmq, 10 peers", _router, "zmq", peers=_FEW),
            contender("pyzmq, 10,000 peers", _router, "zmq", peers=_MANY),
            contender("antiphon, 10 peers", _router, "antiphon.zmq", peers=_FEW),
            contender("antiphon, 10,000 peers", _router, "antiphon.zmq", peers=_MANY),
            Contender("plain sockets, 10 peers", partial(_plain, peers=_FEW)),
            Contender("plain sockets, 10,000 peers", partial(_plain, peers=_MANY)),
        ),
        (
            Bound("cpu_us", "antiphon, 10,000 peers", "antiphon, 10 peers", at_most=1.2),
            Bound("kib", "antiphon, 10,000 peers", at_most=6),
        ),
    ),
)
