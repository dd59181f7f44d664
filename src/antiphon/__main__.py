"""``python -m antiphon`` is ``antiphon``."""

from antiphon.cli.main import main

__all__: tuple[str, ...] = ()

if __name__ == "__main__":
    main()
