"""The program ``antiphon``: its commands are in modules of their own."""

import signal
import sys

__all__ = ("main",)


def main() -> None:
    """Run the command line; exits with 2 for wrong use, with a line that says what to do."""
    try:
        from antiphon.cli.commands import run

        run()
    except KeyboardInterrupt:
        # Ctrl-C while modules are imported; the commands have their own ways to take it.
        raise SystemExit(128 + signal.SIGINT) from None
    except ImportError as error:
        if error.name not in ("click", "rich"):
            raise
        print(
            "antiphon: the command line needs click and rich: pip install 'antiphon[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
