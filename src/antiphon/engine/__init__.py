"""One socket's life: joins connections to pipes, dials, listens, times out (sans-I/O)."""

__all__: tuple[str, ...] = ()
