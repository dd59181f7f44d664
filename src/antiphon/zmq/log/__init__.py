"""Logging to subscribers; ``python -m antiphon.zmq.log`` shows what they receive."""

__all__ = ()
