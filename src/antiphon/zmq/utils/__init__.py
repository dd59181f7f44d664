"""Small helpers, under pyzmq's names."""

from antiphon.zmq.utils import interop, jsonapi

__all__ = ("interop", "jsonapi")
