"""Writes lines to the logger ``antiphon`` from a thread of its own.

A handler may then be slow, or use a socket of the very context that has something to say, without
holding up or dead-locking the engine that says it. Python's logging is imported for the first line:
where the program has not done so itself, nobody reads any.
"""

import atexit
import os
import sys
import warnings
from typing import Final

from antiphon.exits import at_exit
from antiphon.unpatched import Lock, SimpleQueue, start_thread

__all__ = ("DEBUG", "INFO", "LINES", "WARNING", "Lines", "lowest_level", "trace_is_wanted")

DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
_NOBODY: Final = 100

#: How many lines may wait; what comes on top of them is counted.
_MOST_WAITING: Final = 10_000
#: How long the end of the program waits for lines to be written, in seconds.
_PATIENCE: Final = 2.0


def lowest_level() -> int:
    """Return the lowest level that somebody reads now; 100 if nobody reads any."""
    if "logging" not in sys.modules:
        return _NOBODY
    import logging

    own = logging.getLogger("antiphon")
    logger: logging.Logger | None = own
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return max(own.getEffectiveLevel(), own.manager.disable + 1)
        logger = logger.parent if logger.propagate else None
    return _NOBODY


def trace_is_wanted() -> bool:
    """Tell whether ANTIPHON_TRACE in the environment asks for traces: not if empty or ``0``."""
    return os.environ.get("ANTIPHON_TRACE", "0") not in ("", "0")


class Lines:
    """Lines on their way to the logger; the thread begins with the first of them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: after a fork the thread is not there, and the lines are the parent's."""
        self._waiting: SimpleQueue[tuple[str, int, str] | None] = SimpleQueue()
        self._running = False
        #: Held by who starts the thread: several contexts may have something to say at once.
        self._starting = Lock()
        #: Free once the thread has ended.
        self._ended = Lock()
        self._ended.acquire()
        self._lost = 0
        # Whether the end of the program waits for these lines before logging ends.
        self._awaited = False

    def write(self, level: int, line: str, logger: str = "antiphon") -> None:
        """Have a line written soon; never waits."""
        if self._waiting.qsize() >= _MOST_WAITING:
            self._lost += 1
            return
        if not self._running:
            self._start()
        self._waiting.put((logger, level, line))

    def warn(self, text: str) -> None:
        """Have a ResourceWarning given soon; never waits, whatever locks the caller holds."""
        self.write(0, text, "")

    def _start(self) -> None:
        with self._starting:
            if not self._running:
                self._running = True
                start_thread(self._run, "antiphon-log")

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._log(*item)
            except Exception:  # noqa: BLE001 (whatever a handler of the program raises)
                import traceback

                traceback.print_exc()
        self._ended.release()

    def _log(self, name: str, level: int, line: str) -> None:
        if not name:
            warnings.warn(line, ResourceWarning, stacklevel=1)
            return
        import logging

        if not self._awaited:
            # Logging ends when the program does, and was told so when it was imported.
            self._awaited = True
            atexit.register(self.close)
        logger = logging.getLogger(name)
        lost = self._lost
        if lost:
            self._lost = 0
            logger.warning("! %d lines were left out: the handlers are too slow", lost)
        logger.log(level, "%s", line)

    def close(self) -> None:
        """Wait a little until what waits is written."""
        if self._running:
            self._waiting.put(None)
            self._ended.acquire(timeout=_PATIENCE)
            self.reset()


LINES: Final = Lines()
"""The lines of this process."""

at_exit(LINES.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LINES.reset)
