"""Endpoints to non-blocking sockets; nothing here waits."""

__all__: tuple[str, ...] = ()
