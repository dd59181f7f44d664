"""Sockets whose calls tornado's coroutines await: those of asyncio, whose loop tornado runs on."""

from asyncio import CancelledError

from antiphon.zmq.asyncio import Context, Poller, Socket

__all__ = ("CancelledError", "Context", "Poller", "Socket")
