"""Messages to peers, for one socket (sans-I/O)."""

__all__: tuple[str, ...] = ()
