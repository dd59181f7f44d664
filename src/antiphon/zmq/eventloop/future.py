"""Sockets whose futures tornado's coroutines await: asyncio's, on whose loop tornado runs."""

from asyncio import CancelledError

from antiphon.zmq.futures import Context, Poller, Socket

__all__ = ("CancelledError", "Context", "Poller", "Socket")
