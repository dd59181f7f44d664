"""Who runs the reactor: threads that wait, or an event loop. Only here is waited."""

__all__: tuple[str, ...] = ()
