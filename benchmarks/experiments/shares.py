"""Where the processor's time goes, per kind of process: a table that adds up, by ``perf record``.

usage: build/compiled/venv/bin/python -m benchmarks.experiments.shares
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import (
    compile_c,
    first_line,
    free_port,
    program,
    python,
    running,
    wait_for_port,
)

COLUMNS = (
    "kernel",
    "Python's interpreter",
    "its allocator and collector",
    "C library",
    "libsodium and its binding",
    "Antiphon, compiled",
)
#: How long a process is watched, in seconds.
WATCHED = 5.0
#: More than any scenario does while it is watched.
ENDLESS = "50000000"
Process = subprocess.Popen[str]
_ALLOCATOR = re.compile(
    r"dealloc|_alloc|Alloc|Malloc|Calloc|Realloc|Free|_GC_|gc_|_Py_NewReference|_PyTrash|list_resize"
)


def column(library: str, symbol: str) -> str:
    """Return where a sample belongs."""
    if "kernel" in library:
        return COLUMNS[0]
    if "sodium" in library or "cffi" in library:
        return COLUMNS[4]
    if "mypyc" in library or "antiphon" in library:
        return COLUMNS[5]
    if library.startswith(("libc.", "libc-", "libpthread", "ld-", "[vdso]", "libm")):
        return COLUMNS[3]
    return COLUMNS[2] if _ALLOCATOR.search(symbol) else COLUMNS[1]


def watch(process: Process) -> dict[str, float]:
    """Return the share of each column in what a process does now, in per cent."""
    with TemporaryDirectory() as folder:
        samples = str(Path(folder) / "samples")
        record = ["perf", "record", "--quiet", "--freq", "1500", "--output", samples]
        command = [*record, "--pid", str(process.pid), "--", "sleep", str(WATCHED)]
        subprocess.run(command, check=True)
        sort = ["--no-children", "--sort", "dso,symbol", "--field-separator", "\t"]
        report = ["perf", "report", "--input", samples, *sort]
        lines = subprocess.run(report, check=True, capture_output=True, text=True).stdout
    shares: dict[str, float] = {}
    for line in lines.splitlines():
        share, *where = line.strip().split("\t")
        if len(where) > 1 and not share.startswith("#"):
            name = column(where[0].strip(), where[1])
            shares[name] = shares.get(name, 0.0) + float(share.rstrip("% "))
    return shares


@contextmanager
def pair(name: str, *words: str, sizes: tuple[str, ...]) -> Iterator[tuple[Process, Process]]:
    """Run both sides of one of the programs."""
    command = program("antiphon", name, *words)
    size, *more = sizes
    with running([*command, "server", *([] if name == "reqrep" else [size])]) as server:
        client = [*command, "client", first_line(server), ENDLESS, size, *more]
        with running(client) as other:
            time.sleep(2)
            yield server, other


def broker() -> dict[str, float]:
    """Return the shares of a broker with 256 requests in flight."""
    ports = free_port(), free_port()
    front, back = (f"tcp://127.0.0.1:{port}" for port in ports)
    command = python("click", "-m", "antiphon", "broker", "--frontend", front, "--backend", back)
    with running(command) as process:
        for port in ports:
            wait_for_port(port, process)
        load = [compile_c("loadgen"), *map(str, ports), "16", "16", "64", ENDLESS, "16"]
        with running(load):
            time.sleep(1)
            return watch(process)


def rows() -> Iterator[tuple[str, dict[str, float]]]:
    """Measure one process after the other."""
    yield "broker, 256 requests in flight", broker()
    blocking, asyncio = "antiphon.zmq", "antiphon.zmq.asyncio"
    for name, words, sizes, titles in (
        ("reqrep", (blocking,), ("16",), ("", "REQ, blocking, one request at a time")),
        (
            "pipeline",
            (blocking, "null"),
            ("16",),
            ("PUSH, blocking, one way", "PULL, blocking, one way"),
        ),
        ("pipeline_asyncio", (asyncio,), ("16",), ("", "PULL, asyncio, one way")),
        ("fanout", (blocking,), ("16", "50"), ("PUB to 50 SUB", "SUB, 50 sockets, one way")),
        ("pipeline", (blocking, "curve"), ("1024",), ("", "PULL with CURVE, one way")),
    ):
        with pair(name, *words, sizes=sizes) as processes:
            for title, process in zip(titles, processes, strict=True):
                if title:
                    yield title, watch(process)


def main() -> None:
    """Print the table."""
    print("| | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---:|" * len(COLUMNS))
    for title, shares in rows():
        whole = sum(shares.values())
        cells = [f"{100 * shares.get(name, 0) / whole:.0f}" for name in COLUMNS]
        print(f"| {title} | " + " | ".join(cell if cell != "0" else "" for cell in cells) + " |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
