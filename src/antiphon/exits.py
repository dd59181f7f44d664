"""What is done when the interpreter ends: after what the program does then.

Python does last what it was told first, and is told this when Antiphon is imported: a program that
says goodbye over a socket as it ends, in a handler of its own, finds the socket in working order.
"""

import atexit

TYPE_CHECKING = False  # as typing has it, without the time that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("at_exit",)

_tasks: "list[Callable[[], None]]" = []


def at_exit(task: "Callable[[], None]") -> None:
    """Let a task be done when the interpreter ends; the last one first."""
    _tasks.append(task)


def _end() -> None:
    try:
        while _tasks:
            _tasks.pop()()
    finally:
        if _tasks:
            _end()


atexit.register(_end)
