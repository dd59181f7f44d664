"""Round trips: blocking and on asyncio, one at a time and many in flight, over tcp and inproc."""

from collections.abc import Mapping

from benchmarks.processes import between, output, program, python
from benchmarks.scenario import Bound, Contender, Figures, Scenario
from benchmarks.sides import asyncio_sides, contender, sides

__all__ = ("SCENARIOS",)

_SIZE = 16
_IN_FLIGHT = "100"


def _pair(
    requests: int, *, package: str, pair: str, environment: Mapping[str, str] | None = None
) -> Figures:
    return between(program(package, pair, package), requests, _SIZE, environment=environment)


def _plain(requests: int) -> Figures:
    return between(program("socket", "plain", "echo"), requests, _SIZE)


def _echo(
    requests: int, *, package: str, loop: str, environment: Mapping[str, str] | None = None
) -> Figures:
    python(loop)
    command = program(package, "echo", package, loop)
    return between(command, requests, _SIZE, (_IN_FLIGHT,), environment)


def _echo_blocking(
    requests: int, *, package: str, environment: Mapping[str, str] | None = None
) -> Figures:
    command = program(package, "echo_blocking", package)
    return between(command, requests, _SIZE, (_IN_FLIGHT,), environment)


def _inproc(
    requests: int, *, package: str, environment: Mapping[str, str] | None = None
) -> Figures:
    command = program(package, "inproc", package, str(requests), str(_SIZE))
    return output(command, environment)


SCENARIOS = (
    Scenario(
        "roundtrip",
        "Round trip: blocking REQ and REP in two processes, tcp, 16 bytes",
        20_000,
        (*sides(_pair, pair="reqrep"), Contender("plain sockets", _plain)),
        (
            Bound("p50_us", "antiphon", "pyzmq", at_most=0.65),
            Bound("p50_us", "antiphon", "plain sockets", at_most=1.25),
        ),
    ),
    Scenario(
        "roundtrip-asyncio",
        "Round trip on asyncio: REQ and REP in two processes, tcp, 16 bytes",
        10_000,
        asyncio_sides(_pair, pair="reqrep_asyncio"),
        (Bound("p50_us", "antiphon", "zmq.asyncio", at_most=0.4),),
    ),
    Scenario(
        "roundtrip-inproc",
        "Round trip: blocking REQ and REP in two threads, inproc, 16 bytes",
        20_000,
        sides(_inproc),
        (Bound("p50_us", "antiphon", "pyzmq", at_most=0.5),),
    ),
    Scenario(
        "asyncio",
        "asyncio: DEALER and ROUTER in two processes, 100 requests in flight, tcp, 16 bytes",
        40_000,
        (
            *asyncio_sides(_echo, loop="asyncio"),
            contender("pyzmq, blocking", _echo_blocking, "zmq"),
            contender("antiphon, blocking", _echo_blocking, "antiphon.zmq"),
            contender("zmq.asyncio, uvloop", _echo, "zmq.asyncio", loop="uvloop"),
            contender("antiphon, uvloop", _echo, "antiphon.zmq.asyncio", loop="uvloop"),
        ),
        (
            Bound("rate", "antiphon", "zmq.asyncio", at_least=12),
            Bound("rate", "antiphon", "pyzmq, blocking", at_least=2.5),
            Bound("rate", "antiphon, uvloop", "zmq.asyncio, uvloop", at_least=12),
            Bound("rate", "antiphon interpreted", "zmq.asyncio", at_least=5),
        ),
    ),
)
