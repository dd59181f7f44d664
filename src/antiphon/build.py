"""Which build of Antiphon this is."""

from typing import Final, NamedTuple

from antiphon.wire import framing

__all__ = ("BuildInfo", "__version__", "build_info")

#: The one place that says it: pyproject.toml reads it here. Asking the installed package's metadata
#: takes as long as all the rest of ``import antiphon.zmq``.
__version__: Final = "0.1.0"


class BuildInfo(NamedTuple):
    """What a bug report should say."""

    version: str
    #: Whether the hot modules are compiled by mypyc.
    compiled: bool
    python: str
    platform: str


def build_info() -> BuildInfo:
    """Return the version, whether it is compiled, and what it runs on."""
    import platform

    return BuildInfo(
        version=__version__,
        compiled=not (framing.__file__ or "").endswith(".py"),
        python=platform.python_version(),
        platform=platform.platform(),
    )
