"""Who takes part: the packages with the same names, each under the name that the tables give it."""

from collections.abc import Callable
from functools import partial

from benchmarks.processes import INTERPRETED
from benchmarks.scenario import Contender, Figures

__all__ = ("asyncio_sides", "contender", "sides")


def contender(name: str, run: Callable[..., Figures], package: str, **more: object) -> Contender:
    """Return a contender that runs with ``package``."""
    return Contender(name, partial(run, package=package, **more))


def sides(run: Callable[..., Figures], **more: object) -> tuple[Contender, ...]:
    """Return who has blocking sockets: pyzmq, ours in both builds, and pyomq."""
    return (
        contender("pyzmq", run, "zmq", **more),
        contender("antiphon", run, "antiphon.zmq", **more),
        contender("antiphon interpreted", run, "antiphon.zmq", environment=INTERPRETED, **more),
        contender("pyomq", run, "pyomq", **more),
    )


def asyncio_sides(run: Callable[..., Figures], **more: object) -> tuple[Contender, ...]:
    """Return who has sockets for asyncio."""
    package = "antiphon.zmq.asyncio"
    return (
        contender("zmq.asyncio", run, "zmq.asyncio", **more),
        contender("antiphon", run, package, **more),
        contender("antiphon interpreted", run, package, environment=INTERPRETED, **more),
        contender("pyomq.asyncio", run, "pyomq.asyncio", **more),
    )
