"""Bytes to frames and commands, for one connection (sans-I/O)."""

__all__: tuple[str, ...] = ()
