"""Antiphon: request-reply messaging, wire-compatible with ZeroMQ, in typed Python."""

from antiphon.build import BuildInfo, __version__, build_info

__all__ = ("BuildInfo", "__version__", "build_info")
