"""Sockets between two processes: blocking one at a time, and asyncio with many in flight."""

from collections.abc import Mapping
from functools import partial

from benchmarks.processes import INTERPRETED, PROGRAMS, output, python, running
from benchmarks.scenario import Bound, Contender, Figures, Scenario

__all__ = ("ECHO", "ROUND_TRIP")

_SIZE = "16"
_IN_FLIGHT = "100"


def _between(
    program: list[str], load: list[str], environment: Mapping[str, str] | None = None
) -> Figures:
    with running([*program, "server"], environment) as server:
        assert server.stdout is not None
        endpoint = server.stdout.readline().strip()
        return output([*program, "client", endpoint, *load], environment)


def _round_trip(
    requests: int, *, package: str, environment: Mapping[str, str] | None = None
) -> Figures:
    program = python(package, str(PROGRAMS / "reqrep.py"), package)
    return _between(program, [str(requests), _SIZE], environment)


def _echo(
    requests: int, *, package: str, loop: str, environment: Mapping[str, str] | None = None
) -> Figures:
    python(loop)
    program = python(package, str(PROGRAMS / "echo.py"), package, loop)
    return _between(program, [str(requests), _IN_FLIGHT, _SIZE], environment)


ROUND_TRIP = Scenario(
    "roundtrip",
    "Round trip: blocking REQ and REP in two processes, tcp, 16 bytes",
    10_000,
    (
        Contender("pyzmq", partial(_round_trip, package="zmq")),
        Contender("antiphon", partial(_round_trip, package="antiphon.zmq")),
        Contender(
            "antiphon interpreted",
            partial(_round_trip, package="antiphon.zmq", environment=INTERPRETED),
        ),
    ),
    (Bound("p50_us", "antiphon", "pyzmq", at_most=0.8),),
)

ECHO = Scenario(
    "asyncio",
    "asyncio: DEALER and ROUTER in two processes, 100 requests in flight, tcp, 16 bytes",
    20_000,
    (
        Contender("zmq.asyncio", partial(_echo, package="zmq.asyncio", loop="asyncio")),
        Contender("antiphon", partial(_echo, package="antiphon.zmq.asyncio", loop="asyncio")),
        Contender(
            "antiphon interpreted",
            partial(_echo, package="antiphon.zmq.asyncio", loop="asyncio", environment=INTERPRETED),
        ),
        Contender("zmq.asyncio, uvloop", partial(_echo, package="zmq.asyncio", loop="uvloop")),
        Contender(
            "antiphon, uvloop", partial(_echo, package="antiphon.zmq.asyncio", loop="uvloop")
        ),
    ),
    (
        Bound("rate", "antiphon", "zmq.asyncio", at_least=8),
        Bound("rate", "antiphon, uvloop", "zmq.asyncio, uvloop", at_least=8),
    ),
)
