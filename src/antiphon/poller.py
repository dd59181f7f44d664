"""The system's way to wait for many descriptors: epoll, or what looks like it.

Both are used through epoll's method names and numbers. Only Linux's epoll is tested.
"""

from typing import Any

from antiphon.unpatched import epoll

__all__ = ("make_poller",)


def make_poller() -> Any:
    """Return the best poll object of this system: an epoll, or a SelectorPoller."""
    if epoll is not None:
        return epoll()
    # Linux does without: what it takes to import is a hundredth of all.
    from antiphon.selecting import SelectorPoller

    return SelectorPoller()
