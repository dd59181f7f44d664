"""What the options take, and the one line that somebody sees who gets them wrong."""

import reprlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from antiphon.endpoint import parse_endpoint
from antiphon.errors import EndpointError

if TYPE_CHECKING:
    _Type = click.ParamType[object]
else:
    _Type = click.ParamType  # the oldest click that will do has no parameters here

__all__ = (
    "BoundEndpoint",
    "Command",
    "ConnectedEndpoint",
    "FilePath",
    "Taken",
    "WholeNumber",
    "describe",
    "refuse",
)


class Command(click.Command):
    """A command whose errors all know which command they come from."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageError with its context, which click's parser forgets."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Taken(_Type):
    """The type of an option's value; ``takes`` says in words what that may be."""

    takes = ""


class WholeNumber(Taken):
    """A whole number of at least ``lowest`` and, if there is one, at most ``highest``."""

    name = "number"

    def __init__(self, lowest: int, highest: int | None = None) -> None:
        self._lowest = lowest
        self._highest = highest
        limit = "" if highest is None else f" to {highest}"
        self.takes = f"a whole number from {lowest}{limit}"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number. Raises BadParameter that says what the option takes."""
        try:
            number = int(str(value))
        except ValueError:
            number = self._lowest - 1
        if number < self._lowest or (self._highest is not None and number > self._highest):
            self.fail(f"takes {self.takes}, not {reprlib.repr(value)}", param, ctx)
        return number


class _Endpoint(Taken):
    """An endpoint of another process: tcp or ipc."""

    name = "endpoint"
    bound = False

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the endpoint as it is. Raises BadParameter that says what is wrong with it."""
        text = str(value)
        try:
            scheme = parse_endpoint(text, bind=self.bound).scheme
        except EndpointError as error:
            self.fail(f"takes {self.takes}, not {reprlib.repr(text)}: {error.why}", param, ctx)
        if scheme == "inproc":
            self.fail(
                "is for other processes, and inproc is within one: use tcp or ipc", param, ctx
            )
        return text


class BoundEndpoint(_Endpoint):
    """An endpoint that other processes can connect to."""

    takes = "an endpoint such as tcp://*:5555 or ipc:///run/requests"
    bound = True


class ConnectedEndpoint(_Endpoint):
    """An endpoint that another process has bound."""

    takes = "an endpoint such as tcp://server:5555 or ipc:///run/requests"


class FilePath(Taken):
    """The path of a file to be read."""

    name = "path"
    takes = "the path of a file"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path; whether it can be read is seen when that is done."""
        return Path(str(value))


def refuse(error: click.UsageError, program: str) -> NoReturn:
    """End with status 2 and one line on stderr: who refuses what and why, and where help is.

    ``program`` is the name for an error that came before any command was known.
    """
    path = program if error.ctx is None else error.ctx.command_path
    # What people type may have line ends in it.
    line = " ".join(describe(error).split())
    print(f"{path}: {line}; see {path} --help", file=sys.stderr)
    raise SystemExit(2)


def describe(error: click.UsageError) -> str:
    """Return what is wrong, naming the option and what it takes."""
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{error.param.opts[0]} is missing: it takes {_taken(error.param)}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{error.param.opts[0]} {error.message}"
    if isinstance(error, click.BadOptionUsage):
        return _describe_usage(error)
    if isinstance(error, click.NoSuchOption):
        near = " or ".join(error.possibilities or ())
        hint = f": did you mean {near}?" if near else ""
        return f"there is no option {error.option_name}{hint}"
    command = error.ctx.command if error.ctx is not None else None
    if isinstance(command, click.Group):
        # Older versions of click have no class for a command that does not exist.
        return f"{_plain(error)}: the commands are {' and '.join(sorted(command.commands))}"
    return _plain(error)


def _describe_usage(error: click.BadOptionUsage) -> str:
    """Return what is wrong with an option that has no value, or has one and should not."""
    parameters = error.ctx.command.params if error.ctx is not None else []
    for parameter in parameters:
        if error.option_name in parameter.opts:
            return f"{error.option_name} takes {_taken(parameter)}"
    return _plain(error)


def _taken(parameter: click.Parameter) -> str:
    return parameter.type.takes if isinstance(parameter.type, Taken) else "no value"


def _plain(error: click.UsageError) -> str:
    """Return click's own sentence as one that follows a colon."""
    text = error.format_message().partition(" (Did you")[0].rstrip(".")
    return text[:1].lower() + text[1:]
