"""The commands of ``antiphon``."""

import click

from antiphon.build import build_info
from antiphon.cli.broker import broker
from antiphon.cli.demo import demo

__all__ = ("commands",)


def _version() -> str:
    info = build_info()
    kind = "compiled" if info.compiled else "interpreted"
    return f"antiphon {info.version} ({kind}, Python {info.python}, {info.platform})"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(message=_version(), version="")
def commands() -> None:
    """Request-reply messaging that any ZeroMQ program can talk to."""


commands.add_command(broker)
commands.add_command(demo)
