"""The classes under the names of pyzmq's inner package, which programs write in annotations."""

from antiphon.zmq import context, frame, poller, socket
from antiphon.zmq.context import Context
from antiphon.zmq.frame import Frame, Message, MessageTracker
from antiphon.zmq.poller import Poller, select
from antiphon.zmq.socket import Socket

__all__ = (
    "Context",
    "Frame",
    "Message",
    "MessageTracker",
    "Poller",
    "Socket",
    "context",
    "frame",
    "poll",
    "select",
    "socket",
    "tracker",
)

poll = poller
tracker = frame
