"""Which build of Antiphon this is."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from antiphon.wire import framing

__all__ = ("BuildInfo", "__version__", "build_info")

try:
    __version__ = version("antiphon")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "unknown"


class BuildInfo(NamedTuple):
    """What a bug report should say."""

    version: str
    #: Whether the hot modules are compiled by mypyc.
    compiled: bool
    python: str
    platform: str


def build_info() -> BuildInfo:
    """Return the version, whether it is compiled, and what it runs on."""
    return BuildInfo(
        version=__version__,
        compiled=not (framing.__file__ or "").endswith(".py"),
        python=platform.python_version(),
        platform=platform.platform(),
    )
