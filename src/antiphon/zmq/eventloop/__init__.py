"""Sockets on tornado's event loop, under pyzmq's names; tornado has to be installed."""

from tornado.ioloop import IOLoop

__all__ = ("IOLoop",)
