"""Each message that a program sends or receives, as a line of the logger ``antiphon.trace`` (N3).

    ->  a message that was sent              <-  one that was received, and from whom

A message is drawn as ``addresses | delimiter | body``, long frames cut; that is its content, also
where the connection is encrypted. Nothing of this is loaded until somebody asks for it.
"""

import itertools
import logging
import sys
from typing import Final

from antiphon.engine.socket import SocketCore
from antiphon.hosts.lines import DEBUG, LINES, Lines, lowest_level
from antiphon.message import draw
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.traced import TracedPattern, Tracer

__all__ = ("Trace", "tell_all", "trace", "trace_for_environment")

_LOGGER: Final = "antiphon.trace"
_numbers: Final = itertools.count(1)


class Trace(Tracer):
    """The trace of one socket."""

    def __init__(self, name: str, lines: Lines) -> None:
        self._name = name
        self._lines = lines

    def sent(self, parts: list[bytes]) -> None:
        """Write a line."""
        self._lines.write(DEBUG, f"-> {self._name} {draw(parts)}", _LOGGER)

    def received(self, parts: list[bytes], sender: Pipe | None) -> None:
        """Write a line; a peer's address is shown where it has one."""
        peer = f"  (from {sender.endpoint})" if sender is not None and sender.endpoint else ""
        self._lines.write(DEBUG, f"<- {self._name} {draw(parts)}{peer}", _LOGGER)


def trace(core: SocketCore, name: str | bool | None) -> None:
    """Trace a socket under a name (True: its type and a number), or no longer (None, False).

    Where the program has set up no logging, the lines go to standard error. Raises TypeError for
    a name that is none.
    """
    if name is None or name is False:
        core.front = core.pattern
        return
    if name is True:
        name = f"{core.type_name.decode('ascii')}#{next(_numbers)}"
    if not isinstance(name, str):
        raise TypeError(f"a trace has a name, or is True, False or None, not {name!r}")
    logging.getLogger(_LOGGER).setLevel(DEBUG)
    if lowest_level() > logging.CRITICAL:
        handler = _write_to_stderr(logging.getLogger(_LOGGER))
        # What the program sets up for its log later takes its place.
        handler.addFilter(lambda _record: not logging.getLogger().handlers)
    core.front = TracedPattern(core.pattern, Trace(name, LINES))


def trace_for_environment(core: SocketCore) -> None:
    """Trace a socket because ANTIPHON_TRACE says so."""
    tell_all()
    trace(core, True)


def tell_all() -> None:
    """Write all that the logger ``antiphon`` is told to standard error, traces included."""
    logger = logging.getLogger("antiphon")
    _write_to_stderr(logger)
    # Once is enough, whatever else the program does with its log.
    logger.propagate = False
    logging.getLogger(_LOGGER).setLevel(DEBUG)


def _write_to_stderr(logger: logging.Logger) -> logging.Handler:
    for there in logger.handlers:
        if there.get_name() == _LOGGER:
            return there
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(_LOGGER)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(DEBUG)
    return handler
