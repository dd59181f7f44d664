"""Who runs the reactor: threads that wait, or an event loop. Only here is waited, locked, spawned."""

__all__: tuple[str, ...] = ()
