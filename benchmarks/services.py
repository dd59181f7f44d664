"""The whole way in Python: clients and workers on asyncio, and a broker between them."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.broker import COMMANDS
from benchmarks.processes import (
    INTERPRETED,
    first_line,
    free_port,
    output,
    program,
    running,
    wait_for_port,
)
from benchmarks.scenario import Bound, Contender, Figures, Scenario, Unavailable

__all__ = ("SCENARIOS",)

_WORKERS = "16"
_LOAD = ("16", "16")
_SIZE = "16"


def _run(
    requests: int,
    *,
    side: Callable[[int, int], tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[int]]],
    environment: Mapping[str, str] | None = None,
) -> Figures:
    command, clients, workers, ports = side(free_port(), free_port())
    with running(command, environment) as broker:
        for port in ports:
            wait_for_port(port, broker)
        with running([*workers, _WORKERS], environment) as serving:
            first_line(serving)
            load = [*clients, *_LOAD, str(requests), _SIZE]
            return output(load, environment, (broker, serving))


def _zmq(
    frontend: int, backend: int, *, broker: str, package: str
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[int]]:
    endpoints = [f"tcp://127.0.0.1:{port}" for port in (frontend, backend)]
    command = COMMANDS[broker](*endpoints)
    clients, workers = (
        program(package, "services_zmq", package, role, endpoint)
        for role, endpoint in zip(("clients", "workers"), endpoints, strict=True)
    )
    return command, clients, workers, (frontend, backend)


def _nats(
    port: int, _backend: int
) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[int]]:
    if shutil.which("nats-server") is None:
        message = "there is no nats-server (on Debian: apt-get install nats-server)"
        raise Unavailable(message)
    url = f"nats://127.0.0.1:{port}"
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-l", os.devnull]
    clients, workers = (
        program("nats", "services_nats", role, url) for role in ("clients", "workers")
    )
    return command, clients, workers, (port,)


_ANTIPHON = partial(_zmq, broker="antiphon", package="antiphon.zmq.asyncio")
_PYZMQ = partial(_zmq, broker="pyzmq", package="zmq.asyncio")

SCENARIOS = (
    Scenario(
        "services",
        "Services: 16 clients with 16 requests in flight, broker, 16 workers, asyncio, 16 bytes",
        20_000,
        (
            Contender("nats-server, nats-py", partial(_run, side=_nats)),
            Contender("antiphon", partial(_run, side=_ANTIPHON)),
            Contender(
                "antiphon interpreted", partial(_run, side=_ANTIPHON, environment=INTERPRETED)
            ),
            Contender("pyzmq", partial(_run, side=_PYZMQ)),
        ),
        (
            Bound("rate", "antiphon", "nats-server, nats-py", at_least=1),
            Bound("rate", "antiphon", "pyzmq", at_least=5),
        ),
    ),
)
