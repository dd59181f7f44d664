"""``python -m antiphon.zmq.log ENDPOINT`` shows what a PUBHandler publishes, as pyzmq's does."""

import argparse
import time
from typing import Final

from antiphon.constants import SocketType
from antiphon.errors import EndpointError
from antiphon.zmq.context import Context

__all__ = ("main",)

#: The colours of a terminal, by what is in a topic.
_COLOURS: Final = {"DEBUG": 36, "WARNING": 33, "ERROR": 31, "CRITICAL": 41}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("antiphon.zmq.log", description="Show what is logged.")
    add = parser.add_argument
    add("zmq_pub_url", metavar="ENDPOINT", help="where it is published: tcp://127.0.0.1:12345")
    add("-t", "--topic", action="append", default=[], help="only topics that begin so")
    add("--timestamp", action="store_true", help="show the time of arrival")
    add("--separator", default=" | ", help="what stands between topic and text")
    add("--dateformat", default="%Y-%d-%m %H:%M", help="how times are written (see strftime)")
    add("--align", action="store_true", help="give all topics the width of the longest so far")
    add("--color", action="store_true", help="show levels in colours")
    return parser


class _Lines:
    """Makes lines of topics and texts."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._width = 0

    def line(self, topic: str, text: str) -> str:
        arguments = self._arguments
        if arguments.align:
            self._width = max(self._width, len(topic))
        times = [time.strftime(arguments.dateformat)] if arguments.timestamp else []
        line = arguments.separator.join([*times, topic.ljust(self._width), text.rstrip("\n")])
        colour = next((code for level, code in _COLOURS.items() if level in topic), None)
        return f"\x1b[{colour}m{line}\x1b[0m" if arguments.color and colour else line


def main() -> None:
    """Print a line for each message until Ctrl-C. Exits with 2 for wrong use."""
    parser = _parser()
    arguments = parser.parse_args()
    lines = _Lines(arguments)
    with Context() as context:
        socket = context.socket(SocketType.SUB)
        for topic in arguments.topic or [""]:
            socket.subscribe(topic)
        try:
            socket.connect(arguments.zmq_pub_url)
        except EndpointError as error:
            parser.error(str(error))
        try:
            while True:
                topic, *texts = (
                    frame.decode(errors="replace") for frame in socket.recv_multipart()
                )
                print(lines.line(topic, "".join(texts)), flush=True)  # noqa: T201
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
