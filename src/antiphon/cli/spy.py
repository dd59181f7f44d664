"""``antiphon spy``: what two peers say to each other."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

import click
from rich.console import Console
from rich.text import Text

from antiphon.cli.usage import BoundEndpoint, Command, ConnectedEndpoint, FilePath, WholeNumber
from antiphon.endpoint import parse_endpoint
from antiphon.errors import EndpointError
from antiphon.observe.capture import Capture, CaptureError, Segment
from antiphon.observe.conversation import Conversation, Event, draw
from antiphon.observe.proxy import Proxy, Watcher
from antiphon.observe.tap import MESSAGE, UNREADABLE

__all__ = ("spy",)

_WRONG_USE: Final = 2
_STYLES: Final = {">": "cyan", "<": "green"}


class _Printer:
    """Prints events: in colours on a terminal, plain elsewhere, or as JSON."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True) if sys.stdout.isatty() else None

    def event(self, event: Event) -> None:
        if self._as_json:
            print(json.dumps(event.as_dict()), flush=True)
            return
        style = _STYLES[event.arrow] if event.sighting.kind == MESSAGE else "dim"
        self._line(draw(event), "red" if event.sighting.kind == UNREADABLE else style)

    def note(self, since: float, number: int, kind: str, text: str) -> None:
        """Print what happened to a connection."""
        if self._as_json:
            record = {"time": round(since, 6), "connection": number, "kind": kind, "text": text}
            print(json.dumps(record), flush=True)
        else:
            self._line(f"{since:11.6f}  #{number} = {kind} {text}".rstrip(), "bold")

    def _line(self, line: str, style: str) -> None:
        if self._console is None:
            print(line, flush=True)
        else:
            self._console.print(Text(line, style=style))


class _LiveWatcher(Watcher):
    def __init__(self, printer: _Printer, target: str) -> None:
        self._printer = printer
        self._target = target
        self._begin = time.monotonic()
        self._conversations: dict[int, Conversation] = {}

    def _since(self) -> float:
        return time.monotonic() - self._begin

    def opened(self, number: int, source: str) -> None:
        self._conversations[number] = Conversation(number)
        self._printer.note(self._since(), number, "opened", f"{source} > {self._target}")

    def passed(self, number: int, arrow: str, data: bytes) -> None:
        for event in self._conversations[number].hear(arrow, data, self._since()):
            self._printer.event(event)

    def closed(self, number: int, why: str) -> None:
        del self._conversations[number]
        self._printer.note(self._since(), number, "closed", why)


@click.command(
    cls=Command,
    epilog="Example: antiphon spy --listen tcp://*:5556 --connect tcp://server:5555",
)
@click.option(
    "--listen", type=BoundEndpoint(), help="Where the peers that connect come to: tcp or ipc."
)
@click.option(
    "--connect", type=ConnectedEndpoint(), help="Where the peer is that they want: tcp or ipc."
)
@click.option("--read", type=FilePath(), help="Read a capture file of tcpdump -w instead.")
@click.option(
    "--port",
    type=WholeNumber(1, 65535),
    help="With --read: show connections to this port only.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each event.")
def spy(
    listen: str | None, connect: str | None, read: Path | None, port: int | None, as_json: bool
) -> None:
    """Show what ZeroMQ peers of any make say to each other.

    Let the side that connects connect to --listen instead of to its peer; each connection is
    passed on to --connect, unchanged. Shown are the greetings and commands of the handshake, and
    each message as addresses | delimiter | body, frames as [size] text, or hexadecimal digits
    where they are no text. ">" is what the connecting side says, "<" what it is told; in brackets
    is the time since the last message in the other direction. Encrypted traffic is shown by kind
    and size. Ctrl-C ends it.
    """
    printer = _Printer(as_json)
    if read is not None:
        if listen or connect:
            raise click.UsageError("--read takes a file in place of --listen and --connect")
        _read(read, port, printer)
        return
    if listen is None or connect is None:
        raise click.UsageError("it takes --listen and --connect, or --read")
    try:
        asyncio.run(_watch(listen, connect, printer))
    except EndpointError as error:
        _refuse(str(error))


async def _watch(listen: str, connect: str, printer: _Printer) -> None:
    watcher = _LiveWatcher(printer, connect)
    proxy = Proxy(parse_endpoint(listen, bind=True), parse_endpoint(connect, bind=False), watcher)
    server, endpoint = await proxy.start()
    print(f"spying on {connect}: connect to {endpoint}", file=sys.stderr, flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    server.close()


def _read(path: Path, port: int | None, printer: _Printer) -> None:
    try:
        file = path.open("rb")
    except OSError as error:
        _refuse(f"{path} cannot be read: {error.strerror}")
    followed = _Followed(printer, port)
    with file:
        try:
            for segment in Capture(file).segments():
                followed.take(segment)
        except CaptureError as error:
            _refuse(f"{path}: {error}")
    if not followed.count:
        what = "no connection" if port is None else f"no connection to port {port}"
        print(f"antiphon spy: {path}: {what} begins in it", file=sys.stderr)


class _Followed:
    """The connections of a capture file, by the addresses of both ends."""

    def __init__(self, printer: _Printer, port: int | None) -> None:
        self._printer = printer
        self._port = port
        self._begin = -1.0
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self.count = 0

    def take(self, segment: Segment) -> None:
        if self._begin < 0:
            self._begin = segment.time
        since = segment.time - self._begin
        source, target = segment.source, segment.target
        if segment.opened:
            self._open(since, source, target)
            return
        arrow = ">" if (source, target) in self._conversations else "<"
        ends = (source, target) if arrow == ">" else (target, source)
        conversation = self._conversations.get(ends)
        if conversation is None:
            return
        for event in conversation.hear(arrow, segment.data, since):
            self._printer.event(event)
        if segment.closed:
            del self._conversations[ends]
            self._printer.note(since, conversation.number, "closed", "")

    def _open(self, since: float, source: str, target: str) -> None:
        if self._port is not None and int(target.rpartition(":")[2]) != self._port:
            return
        self.count += 1
        self._conversations[source, target] = Conversation(self.count)
        self._printer.note(since, self.count, "opened", f"{source} > {target}")


def _refuse(line: str) -> NoReturn:
    print(f"antiphon spy: {line}", file=sys.stderr)
    raise SystemExit(_WRONG_USE)
