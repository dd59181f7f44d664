r"""Logging over a PUB socket, under pyzmq's names.

Each record is a message of two frames: the topic and the text. The topic is
``root_topic.LEVEL.subtopic``; a record has a subtopic if its message has ``subtopic::`` in front,
which TopicLogger writes::

    handler = PUBHandler("tcp://*:12345", root_topic="engine")
    logger.addHandler(handler)
    logger.info("disk::%d %% full", 93)    # [b"engine.INFO.disk", b"93 % full\n"]
"""

import copy
import logging
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING, Formatter, LogRecord
from typing import Any, Final

from antiphon.constants import SocketType
from antiphon.zmq.context import Context
from antiphon.zmq.socket import Socket

__all__ = ("TOPIC_DELIM", "PUBHandler", "TopicLogger")

TOPIC_DELIM: Final = "::"
"""What stands between a subtopic and a message."""

_WITH_PLACE: Final = "%(levelname)s %(filename)s:%(lineno)d - %(message)s\n"
_FORMATS: Final = {
    DEBUG: _WITH_PLACE,
    INFO: "%(message)s\n",
    WARNING: _WITH_PLACE,
    ERROR: "%(levelname)s %(filename)s:%(lineno)d - %(message)s - %(exc_info)s\n",
    CRITICAL: _WITH_PLACE,
}


class PUBHandler(logging.Handler):
    """Publishes records.

    It is made with a PUB socket, which stays the program's to close, or with an endpoint, which a
    new one is bound to; that one is of ``context``, or of a new Context. Raises EndpointError,
    and TypeError for what is neither.
    """

    ctx: Context
    socket: Socket

    def __init__(
        self,
        interface_or_socket: str | Socket,
        context: Context | None = None,
        root_topic: str = "",
    ) -> None:
        super().__init__()
        self._root_topic = root_topic
        #: How records are written, by their level; others are written as the next lower level is.
        self.formatters: dict[int, Formatter | None] = {
            level: Formatter(text) for level, text in _FORMATS.items()
        }
        if isinstance(interface_or_socket, Socket):
            self.socket = interface_or_socket
            self.ctx = self.socket.context
        else:
            self.ctx = Context() if context is None else context
            self.socket = self.ctx.socket(SocketType.PUB)
            self.socket.bind(interface_or_socket)

    @property
    def root_topic(self) -> str:
        """What every topic begins with; a subclass may work it out."""
        return self._root_topic

    @root_topic.setter
    def root_topic(self, value: str | bytes) -> None:
        self._root_topic = value if isinstance(value, str) else value.decode()

    def setRootTopic(self, root_topic: str | bytes) -> None:  # noqa: N802
        """Set what every topic begins with."""
        self.root_topic = root_topic

    def setFormatter(self, fmt: Formatter | None, level: int = logging.NOTSET) -> None:  # noqa: N802
        """Set how records of a level are written, or with a ``level`` of 0 all of them.

        None is Python's own format, the bare message.
        """
        for known in self.formatters if level == logging.NOTSET else [level]:
            self.formatters[known] = fmt

    def format(self, record: LogRecord) -> str:
        """Return the text that a record is sent as."""
        lower = [level for level in self.formatters if level <= record.levelno]
        formatter = self.formatters[max(lower, default=min(self.formatters))]
        return (formatter or Formatter()).format(record)

    def emit(self, record: LogRecord) -> None:
        """Send a record; what goes wrong is shown as logging.raiseExceptions says."""
        try:
            subtopic, delimiter, message = str(record.msg).partition(TOPIC_DELIM)
            if delimiter:
                record = copy.copy(record)  # other handlers write it as it is
                record.msg = message
            else:
                subtopic = ""
            topics = (self.root_topic, record.levelname, subtopic)
            topic = ".".join(topic for topic in topics if topic)
            self.socket.send_multipart([topic.encode(), self.format(record).encode()])
        except Exception:  # noqa: BLE001
            self.handleError(record)


class TopicLogger(logging.Logger):
    """A logger whose methods take a subtopic before the message; for PUBHandler."""

    def log(  # type: ignore[override]
        self, level: int, topic: str, msg: object, *args: object, **kwargs: Any
    ) -> None:
        """Log at a level, under a subtopic."""
        # The place that a record names is the caller's.
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
        super().log(level, f"{topic}{TOPIC_DELIM}{msg}", *args, **kwargs)

    def debug(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at DEBUG, under a subtopic."""
        self._log_at(DEBUG, topic, msg, args, kwargs)

    def info(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at INFO, under a subtopic."""
        self._log_at(INFO, topic, msg, args, kwargs)

    def warning(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at WARNING, under a subtopic."""
        self._log_at(WARNING, topic, msg, args, kwargs)

    def error(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at ERROR, under a subtopic."""
        self._log_at(ERROR, topic, msg, args, kwargs)

    def exception(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at ERROR with the exception that is handled, under a subtopic."""
        self._log_at(ERROR, topic, msg, args, {"exc_info": True, **kwargs})

    def critical(self, topic: str, msg: object, *args: object, **kwargs: Any) -> None:  # type: ignore[override]
        """Log at CRITICAL, under a subtopic."""
        self._log_at(CRITICAL, topic, msg, args, kwargs)

    warn = warning  # type: ignore[assignment]
    fatal = critical  # type: ignore[assignment]

    def _log_at(
        self,
        level: int,
        topic: str,
        msg: object,
        args: tuple[object, ...],
        kwargs: dict[str, Any],
    ) -> None:
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 2
        self.log(level, topic, msg, *args, **kwargs)
