"""The demo for people: a progress bar in a terminal, plain lines elsewhere, tables in the end."""

import sys
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from antiphon.cli.fleet import Report

__all__ = ("Progress", "show")

#: How long the longest bar is, in characters.
_WIDTH: Final = 30


class Progress:
    """Shows how far the demo is; ``quiet`` shows nothing."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Bar | None = None
        self._shown = 0
        if not quiet and sys.stdout.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bar = Bar(*columns, TimeElapsedColumn(), transient=True)
            self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        elif not self._quiet:
            print("starting a broker, workers and clients", flush=True)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int, note: str) -> None:
        """Show that ``done`` of ``total`` requests are answered, and what else happened."""
        if self._quiet:
            return
        if self._bar is not None:
            what = "requests" if done else "starting"
            self._bar.update(self._task, completed=done, total=total, description=what)
            if note:
                self._bar.console.print(note)
            return
        if note:
            print(note, flush=True)
        if done * 4 // total > self._shown:
            self._shown = done * 4 // total
            print(f"{done} of {total} requests answered", flush=True)


def show(report: Report) -> None:
    """Print what happened."""
    console = Console(highlight=False)
    console.print(_served(report))
    console.print(
        f"Latency in ms: p50 {report.percentile(50):.2f}, p90 {report.percentile(90):.2f}, "
        f"p99 {report.percentile(99):.2f}, max {report.percentile(100):.2f}"
    )
    console.print("\nOne request's frames at each hop:")
    for hop, frames in report.hops:
        console.print(f"  {hop:<13} {_draw(frames)}", markup=False)
    verdict = "no request was lost" if not report.lost else f"{report.lost} requests were LOST"
    console.print(
        f"\n{report.killed} was killed on the way; {report.retried} of its requests went to "
        f"another worker.\n{report.replies} of {report.requests} requests answered in "
        f"{report.seconds:.1f} s: {verdict}."
    )


def _served(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("worker")
    table.add_column("requests", justify="right")
    table.add_column("", min_width=_WIDTH)
    table.add_column("")
    most = max(report.served.values(), default=0) or 1
    for worker, count in report.served.items():
        note = "killed on the way" if worker == report.killed else ""
        note = "five times slower" if worker == report.slow else note
        table.add_row(worker, str(count), "#" * (count * _WIDTH // most), note)
    return table


def _draw(frames: list[str]) -> str:
    return "".join(f"[{frame}]" for frame in frames)
