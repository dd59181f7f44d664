"""The demo's child processes: started, listened to, and ended together.

Each is in a session of its own, so that Ctrl-C reaches only the demo, and has a pipe from the demo
as its stdin, whose end tells it that the demo has gone (see actors).
"""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = ("Child", "Line", "describe_status", "end_all")

#: How long a child may take to end when asked, in seconds.
_PATIENCE: Final = 5.0


class Line(NamedTuple):
    """What a child has printed, or, with a status, that it has ended."""

    name: str
    text: str
    status: int | None = None


class Child:
    """A Python program with ``arguments`` whose lines, and then its end, go to ``lines``."""

    def __init__(self, name: str, arguments: list[str], lines: "queue.Queue[Line]") -> None:
        self.name = name
        #: Whether it is all right if it ends.
        self.may_end = False
        self._lines = lines
        self._popen = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._popen.stdout or ():
            self._lines.put(Line(self.name, line.rstrip("\n")))
        self._lines.put(Line(self.name, "", self._popen.wait()))

    def end(self, number: int) -> None:
        """Send the signal that is to end it, if it still runs."""
        self.may_end = True
        self._popen.send_signal(number)

    def wait(self, deadline: float) -> None:
        """Return when it has ended; it is killed at ``deadline``, a time of time.monotonic()."""
        try:
            self._popen.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._listener.join()
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def end_all(children: Iterable[Child], number: int) -> None:
    """Send all of them a signal and return when they have ended; the stubborn are killed."""
    ending = list(children)
    for child in ending:
        child.end(number)
    deadline = time.monotonic() + _PATIENCE
    for child in ending:
        child.wait(deadline)


def describe_status(status: int) -> str:
    """Return an exit status in words; negative ones are numbers of signals."""
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
