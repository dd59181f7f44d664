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
    #: The public names of each module, which is imported when one of them is asked for.
    _NAMES = {
        "actor": {"TERM", "Actor", "Pipe"},
        "build": {"BuildInfo", "__version__", "build_info"},
        "loop": {"Ended", "Loop"},
        "message": {"Envelope", "Message", "dump", "dump_whole"},
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        for module, names in _NAMES.items():
            if name in names:
                value = getattr(import_module(f"{__name__}.{module}"), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
