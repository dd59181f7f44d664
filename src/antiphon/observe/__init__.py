"""Eyes on the wire: what two ZeroMQ peers of any make say to each other (N3)."""

__all__ = ()
