"""Antiphon: request-reply messaging, wire-compatible with ZeroMQ, in typed Python."""

TYPE_CHECKING = False  # as typing has it, without the time that importing typing takes
if TYPE_CHECKING:
    from antiphon.actor import TERM, Actor, Pipe
    from antiphon.build import BuildInfo, __version__, build_info
    from antiphon.loop import Ended, Loop
    from antiphon.message import Envelope, Message, dump, dump_whole

__all__ = (
    "TERM",
    "Actor",
    "BuildInfo",
    "Ended",
    "Envelope",
    "Loop",
    "Message",
    "Pipe",
    "__version__",
    "build_info",
    "dump",
    "dump_whole",
)

if not TYPE_CHECKING:
    # Python does last at its end what it was told first, so it is told now.
    from antiphon import exits as _exits  # noqa: F401
    from antiphon.lazy import on_demand as _on_demand

    __getattr__, __dir__ = _on_demand(
        __name__,
        {
            "antiphon.actor": {"TERM", "Actor", "Pipe"},
            "antiphon.build": {"BuildInfo", "__version__", "build_info"},
            "antiphon.loop": {"Ended", "Loop"},
            "antiphon.message": {"Envelope", "Message", "dump", "dump_whole"},
        },
    )
