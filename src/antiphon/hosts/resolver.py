"""Name resolution off the reactor's thread."""

import _socket as socket
from typing import Final

from antiphon.transport.descriptors import Descriptors, Resolution, Resolver
from antiphon.unpatched import Empty, Lock, SimpleQueue, getaddrinfo, start_thread

__all__ = ("ThreadResolver",)

#: A name server that does not answer blocks a thread for long; the others go on.
_MAX_THREADS: Final = 4
#: An unused thread ends after this many seconds.
_IDLE: Final = 5.0


class ThreadResolver(Resolver):
    """Looks names up in a few daemon threads, started when there is something to look up."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Resolution, Descriptors]] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        self._idle = 0

    def resolve(self, resolution: Resolution, descriptors: Descriptors) -> None:
        """Look a name up; the network hears of it by post()."""
        self._jobs.put((resolution, descriptors))
        with self._lock:
            if self._idle >= self._jobs.qsize() or self._threads >= _MAX_THREADS:
                return
            self._threads += 1
        start_thread(self._work, "antiphon-resolver")

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            try:
                resolution, descriptors = self._jobs.get(timeout=_IDLE)
            except Empty:
                with self._lock:
                    self._idle -= 1
                    self._threads -= 1
                return
            with self._lock:
                self._idle -= 1
            _look_up(resolution)
            descriptors.post(resolution)


def _look_up(resolution: Resolution) -> None:
    family = socket.AF_UNSPEC if resolution.ipv6 else socket.AF_INET
    try:
        found = getaddrinfo(
            resolution.host, resolution.port, family=family, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        resolution.error = f"cannot resolve {resolution.host!r}: {error}"
        return
    resolution.addresses = [
        (int(entry[0]), (str(entry[4][0]), int(entry[4][1]))) for entry in found
    ]
