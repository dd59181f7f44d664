"""The command line."""

__all__: tuple[str, ...] = ()
