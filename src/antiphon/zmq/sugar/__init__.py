"""The classes under the names of pyzmq's inner package, which programs write in annotations."""

from antiphon.zmq import context, poller, socket
from antiphon.zmq.context import Context
from antiphon.zmq.poller import Poller, select
from antiphon.zmq.socket import Socket

__all__ = ("Context", "Poller", "Socket", "context", "poll", "select", "socket")

poll = poller
