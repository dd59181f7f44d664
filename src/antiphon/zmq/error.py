"""The exceptions, under pyzmq's names; what is added is a subclass of one of them."""

from antiphon.errors import (
    Again,
    ContextTerminated,
    EndpointError,
    ForkedError,
    HostUnreachable,
    InterruptedSystemCall,
    NotDone,
    OptionError,
    ProtocolError,
    SocketClosed,
    StateError,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    strerror,
)

__all__ = (
    "Again",
    "ContextTerminated",
    "EndpointError",
    "ForkedError",
    "HostUnreachable",
    "InterruptedSystemCall",
    "NotDone",
    "OptionError",
    "ProtocolError",
    "SocketClosed",
    "StateError",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "strerror",
)
