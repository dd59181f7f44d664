"""monitored_queue() under its old name."""

from antiphon.zmq.proxies import monitored_queue

__all__ = ("monitored_queue",)
