"""One module per parser, each with ``check(data)``: raises for what must never be.

``check`` is a plain function of bytes, for atheris, for Hypothesis and for the corpus in the
tests. A parser may refuse its input with the error that its documentation names; any other
exception, and any difference between ways of feeding it, is a defect.
"""

from collections.abc import Callable

from fuzz.targets import (
    commands,
    curve,
    dialect,
    endpoints,
    forwarding,
    frames,
    handshake,
    options,
    plain,
    subscriptions,
    websocket,
)

__all__ = ("TARGETS",)

TARGETS: dict[str, Callable[[bytes], None]] = {
    "commands": commands.check,
    "curve": curve.check,
    "dialect": dialect.check,
    "endpoints": endpoints.check,
    "forwarding": forwarding.check,
    "frames": frames.check,
    "handshake": handshake.check,
    "options": options.check,
    "plain": plain.check,
    "subscriptions": subscriptions.check,
    "websocket": websocket.check,
}
