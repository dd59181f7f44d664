"""One way: PUSH and PULL over sizes, on asyncio, with CURVE, and PUB to many SUB sockets."""

from collections.abc import Mapping
from functools import partial

from benchmarks.processes import between, program
from benchmarks.scenario import Bound, Contender, Figures, Scenario
from benchmarks.sides import asyncio_sides, sides

__all__ = ("SCENARIOS",)

_SIZES = {
    16: "16 B",
    256: "256 B",
    2**10: "1 KiB",
    2**14: "16 KiB",
    2**16: "64 KiB",
    2**20: "1 MiB",
    2**24: "16 MiB",
    2**26: "64 MiB",
}
#: What our rate should be, of pyzmq's.
_AT_LEAST = {16: 1.2, 2**10: 1.4, 2**20: 1.2}
_MESSAGES = 500_000
_BYTES = 2**30
_SUBSCRIBERS = "50"


def _one_way(
    messages: int,
    *,
    package: str,
    size: int,
    security: str = "null",
    environment: Mapping[str, str] | None = None,
) -> Figures:
    command = program(package, "pipeline", package, security)
    return between(command, messages, size, environment=environment)


def _one_way_asyncio(
    messages: int, *, package: str, size: int, environment: Mapping[str, str] | None = None
) -> Figures:
    command = program(package, "pipeline_asyncio", package)
    return between(command, messages, size, environment=environment)


def _plain(messages: int, *, size: int) -> Figures:
    return between(program("socket", "plain", "push"), messages, size)


def _fan_out(
    deliveries: int, *, package: str, size: int, environment: Mapping[str, str] | None = None
) -> Figures:
    command = program(package, "fanout", package)
    return between(command, deliveries, size, (_SUBSCRIBERS,), environment)


def _of_size(size: int, name: str) -> Scenario:
    bounds: tuple[Bound, ...] = ()
    if size in _AT_LEAST:
        bounds = (Bound("rate", "antiphon", "pyzmq", at_least=_AT_LEAST[size]),)
    return Scenario(
        f"one-way-{name.replace(' ', '')}",
        f"One way: blocking PUSH and PULL in two processes, tcp, {name}",
        max(min(_MESSAGES, _BYTES // size), 10),
        (
            *sides(_one_way, size=size),
            Contender("plain sockets", partial(_plain, size=size)),
        ),
        bounds,
        unit="message",
        family="one-way",
        size=size,
    )


SCENARIOS = (
    *(_of_size(size, name) for size, name in _SIZES.items()),
    Scenario(
        "one-way-asyncio",
        "One way on asyncio: PUSH and PULL in two processes, tcp, 16 bytes",
        50_000,
        asyncio_sides(_one_way_asyncio, size=16),
        (Bound("rate", "antiphon", "zmq.asyncio", at_least=15),),
        unit="message",
    ),
    Scenario(
        "one-way-curve",
        "One way with CURVE: blocking PUSH and PULL in two processes, tcp, 1 KiB",
        50_000,
        sides(_one_way, size=2**10, security="curve"),
        (Bound("rate", "antiphon", "pyzmq", at_least=1.0),),
        unit="message",
    ),
    Scenario(
        "fan-out",
        "Fan-out: blocking PUB to 50 SUB in another process, tcp, 16 bytes",
        2_000_000,
        sides(_fan_out, size=16)[:3],
        (Bound("rate", "antiphon", "pyzmq", at_least=1.3),),
        unit="delivery",
    ),
)
