"""Tornado's event loop, under the names that programs for pyzmq know.

It needs nothing to work with sockets: ZMQStream watches their descriptors.
"""

from tornado.ioloop import IOLoop, PeriodicCallback

__all__ = ("IOLoop", "PeriodicCallback", "ZMQIOLoop", "install")

ZMQIOLoop = IOLoop


def install() -> None:
    """Do nothing: no loop has to be put in the place of tornado's any longer."""
