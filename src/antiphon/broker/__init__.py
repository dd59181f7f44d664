"""The load-balancing broker of the chapter, as a program."""

from antiphon.broker.app import Broker

__all__ = ("Broker",)
