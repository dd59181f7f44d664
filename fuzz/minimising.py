"""Adds to a corpus the smallest found inputs that make new code run."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ("minimise",)

#: A file, a line and the line that follows it.
_Step = tuple[str, int, int]


def minimise(check: Callable[[bytes], None], corpus: Path, found: Path) -> int:
    """Copy inputs from ``found`` to ``corpus``; returns how many."""
    known: set[_Step] = set()
    for file in corpus.iterdir():
        known |= _steps(check, file.read_bytes())
    added = 0
    for data in sorted((file.read_bytes() for file in found.iterdir()), key=len):
        steps = _steps(check, data)
        if not steps <= known:
            known |= steps
            added += 1
            (corpus / f"found-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
    return added


def _steps(check: Callable[[bytes], None], data: bytes) -> set[_Step]:
    """Return the steps from line to line that an input makes the package take."""
    steps: set[_Step] = set()
    lines: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        file = frame.f_code.co_filename
        if "antiphon" not in file:
            return None
        if event == "line":
            steps.add((file, lines.get(frame, 0), frame.f_lineno))
            lines[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        check(data)
    finally:
        sys.settrace(None)
    return steps
