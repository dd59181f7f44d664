"""The commands of ``antiphon``."""

import signal
from typing import NoReturn

import click

from antiphon.build import build_info
from antiphon.cli.bench import bench
from antiphon.cli.broker import broker
from antiphon.cli.demo import demo
from antiphon.cli.keygen import keygen
from antiphon.cli.lint import lint_topology
from antiphon.cli.spy import spy
from antiphon.cli.usage import refuse

__all__ = ("commands", "run")

_PROGRAM = "antiphon"


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    # The shell asks for words to complete, and wants to hear nothing else.
    if wanted and not context.resilient_parsing:
        info = build_info()
        kind = "compiled" if info.compiled else "interpreted"
        click.echo(f"antiphon {info.version} ({kind}, Python {info.python}, {info.platform})")
        context.exit()


@click.group(
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    # Asked for only then: to tell the platform, Python runs another program.
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def commands(context: click.Context) -> None:
    """Request-reply messaging that any ZeroMQ program can talk to."""
    if context.invoked_subcommand is None:
        raise click.UsageError("no command is given", context)


commands.add_command(broker)
commands.add_command(demo)
commands.add_command(lint_topology)
commands.add_command(spy)
commands.add_command(keygen)
commands.add_command(bench)


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command that ``arguments``, or those of the process, name, and exit."""
    try:
        status = commands.main(arguments, _PROGRAM, standalone_mode=False)
    except click.UsageError as error:
        refuse(error, _PROGRAM)
    except click.Abort:
        # Ctrl-C before the command has said what that is to do.
        status = 128 + signal.SIGINT
    raise SystemExit(status)
