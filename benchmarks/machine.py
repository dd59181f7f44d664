"""Which build, commit and machine figures are of."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from antiphon import build_info
from benchmarks.processes import ROOT

__all__ = ("describe",)

_PEERS = ("pyzmq", "pyomq", "nats-py", "uvloop")


def _first(file: str, key: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def describe() -> dict[str, object]:
    """Return the build, the commit, the machine, and the versions of the peers."""
    return {
        "build": build_info()._asdict(),
        "commit": _commit(),
        "machine": {
            "cpus": os.cpu_count(),
            "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
            "memory": _first("/proc/meminfo", "MemTotal"),
            "load": round(os.getloadavg()[0], 2),
        },
        "peers": {name: _installed(name) for name in _PEERS},
    }
