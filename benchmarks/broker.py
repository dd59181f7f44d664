"""The load-balancing broker: ours, the chapter's on libzmq in C, and the chapter's on pyzmq."""

from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks.processes import (
    INTERPRETED,
    compile_c,
    cpu_seconds,
    free_port,
    output,
    program,
    python,
    running,
    wait_for_port,
)
from benchmarks.scenario import Bound, Contender, Figures, Scenario

__all__ = ("COMMANDS", "SCENARIOS")

_WORKERS = "64"
_BODY = "16"


def _antiphon(frontend: str, backend: str) -> list[str]:
    command = python("click", "-m", "antiphon", "broker")
    return [*command, "--frontend", frontend, "--backend", backend]


def _libzmq(frontend: str, backend: str) -> list[str]:
    return [compile_c("lbbroker", "libzmq"), frontend, backend]


def _pyzmq(frontend: str, backend: str) -> list[str]:
    return program("zmq", "lbbroker_pyzmq", frontend, backend)


COMMANDS = {"antiphon": _antiphon, "libzmq": _libzmq, "pyzmq": _pyzmq}


def _run(
    requests: int,
    *,
    name: str,
    load: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Figures:
    ports = free_port(), free_port()
    clients, window = load
    command = COMMANDS[name](*(f"tcp://127.0.0.1:{port}" for port in ports))
    load_generator = [compile_c("loadgen"), *map(str, ports), clients, window]
    with running(command, environment) as broker:
        for port in ports:
            wait_for_port(port, broker)
        before = cpu_seconds(broker)
        figures = output([*load_generator, _WORKERS, str(requests), _BODY])
        used = cpu_seconds(broker) - before
    return {**figures, "cpu_us": used * 1e6 / requests}


def _contenders(load: Sequence[str]) -> tuple[Contender, ...]:
    interpreted = partial(_run, name="antiphon", load=load, environment=INTERPRETED)
    return (
        Contender("libzmq (C)", partial(_run, name="libzmq", load=load)),
        Contender("antiphon", partial(_run, name="antiphon", load=load)),
        Contender("antiphon interpreted", interpreted),
        Contender("pyzmq", partial(_run, name="pyzmq", load=load)),
    )


_MANY = Scenario(
    "broker",
    "Broker: 16 clients with 16 requests in flight each, 64 REQ workers, 16 bytes",
    300_000,
    _contenders(("16", "16")),
    (
        Bound("rate", "antiphon", "libzmq (C)", at_least=1.5),
        Bound("rate", "antiphon", "pyzmq", at_least=5),
        Bound("cpu_us", "antiphon", "libzmq (C)", at_most=0.55),
        Bound("cpu_us", "antiphon interpreted", "libzmq (C)", at_most=1),
    ),
)

_ONE_AT_A_TIME = Scenario(
    "broker-latency",
    "Broker: one client, one request at a time, 64 REQ workers, 16 bytes",
    10_000,
    _contenders(("1", "1")),
    (Bound("p50_us", "antiphon", "libzmq (C)", at_most=1),),
)

SCENARIOS = (_MANY, _ONE_AT_A_TIME)
