"""Single steps: framing, subscriptions, schedulers; and what importing takes."""

from collections.abc import Mapping
from functools import partial

from benchmarks.processes import INTERPRETED, output, program, python
from benchmarks.scenario import Bound, Contender, Figures, Scenario
from benchmarks.sides import contender

__all__ = ("SCENARIOS",)

_IMPORT = """
import time
start, before = time.perf_counter(), time.process_time()
import {package}{use}
taken, used = time.perf_counter() - start, time.process_time() - before
print('{{"ms": %f, "cpu_us": %f}}' % (taken * 1e3, used * 1e6))
"""

#: Antiphon imports what moves messages only with the first socket.
_SOCKET = "; socket = {0}.Context().socket({0}.REQ)"


def _step(
    repeats: int, *, name: str, size: int, environment: Mapping[str, str] | None = None
) -> Figures:
    return output(program("antiphon", "micro", name, str(repeats), str(size)), environment)


def _import(
    _requests: int,
    *,
    package: str,
    use: str = "",
    environment: Mapping[str, str] | None = None,
) -> Figures:
    command = python(package, "-c", _IMPORT.format(package=package, use=use.format(package)))
    output(command, environment)  # so that its bytecode is there
    return output(command, environment)


def _steps(name: str, sizes: Mapping[int, str]) -> tuple[Contender, ...]:
    builds = (("", None), (" interpreted", INTERPRETED))
    return tuple(
        Contender(
            f"antiphon{build}, {label}",
            partial(_step, name=name, size=size, environment=environment),
        )
        for build, environment in builds
        for size, label in sizes.items()
    )


_FRAMES = {16: "16 B", 1024: "1 KiB"}
_PEERS = {10: "10 peers", 10_000: "10,000 peers"}
_TOPICS = {1_000: "1,000 topics", 1_000_000: "1,000,000 topics"}

SCENARIOS = (
    Scenario(
        "encode", "Step: encode a message of two frames", 500_000, _steps("encode", _FRAMES), ()
    ),
    Scenario(
        "decode", "Step: decode a message of two frames", 500_000, _steps("decode", _FRAMES), ()
    ),
    Scenario(
        "match",
        "Step: match a topic with subscriptions",
        500_000,
        _steps("match", _TOPICS),
        (Bound("ns", "antiphon, 1,000,000 topics", "antiphon, 1,000 topics", at_most=1.5),),
    ),
    Scenario(
        "balance", "Step: give a message to the next peer", 500_000, _steps("balance", _PEERS), ()
    ),
    Scenario(
        "fair-queue",
        "Step: take a message of the next peer",
        500_000,
        _steps("fair-queue", _PEERS),
        (),
    ),
    Scenario(
        "import",
        "Import: in a fresh process, alone and with a first socket",
        1,
        (
            contender("pyzmq", _import, "zmq"),
            contender("antiphon", _import, "antiphon.zmq"),
            contender("antiphon interpreted", _import, "antiphon.zmq", environment=INTERPRETED),
            contender("pyzmq, and a socket", _import, "zmq", use=_SOCKET),
            contender("antiphon, and a socket", _import, "antiphon.zmq", use=_SOCKET),
        ),
        (
            Bound("ms", "antiphon", "pyzmq", at_most=1.0),
            Bound("ms", "antiphon, and a socket", "pyzmq, and a socket", at_most=1.25),
        ),
        unit="import",
    ),
)
