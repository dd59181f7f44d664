"""``antiphon lint``: what is wrong with a topology."""

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from antiphon.cli.usage import Command, FilePath
from antiphon.topology import ERROR, TopologyError, lint, read_topology

__all__ = ("lint_topology",)

_WRONG_USE = 2


@click.command(
    name="lint",
    cls=Command,
    epilog="Example: antiphon lint topology.toml",
)
@click.argument("topology", type=FilePath())
@click.option("--json", "as_json", is_flag=True, help="Print each finding as a line of JSON.")
def lint_topology(topology: Path, as_json: bool) -> None:
    """Say what is wrong with a TOPOLOGY of sockets, and why.

    TOPOLOGY is a TOML file with a [[socket]] table for each socket: name, type, bind and connect
    (endpoints), and where it matters count, routing_id, connect_routing_id, probe_router, and
    starts (true for a program that sends first). Found are pairs of types that cannot talk,
    sides that never meet, endpoints bound twice, duplicate routing ids, and ROUTERs that cannot
    learn the id of their peer. The exit status is 1 if there are errors.
    """
    try:
        described = read_topology(topology.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        _refuse(f"{topology} cannot be read: {why}")
    except TopologyError as error:
        _refuse(f"{topology}: {error}")
    findings = lint(described)
    for finding in findings:
        if as_json:
            print(json.dumps(finding._asdict()))
        else:
            print(f"{finding.severity}: {finding.message} ({finding.rule})")
    errors = sum(finding.severity == ERROR for finding in findings)
    if not as_json:
        count = len(described.sockets)
        print(f"{topology}: {count} sockets, {errors} errors, {len(findings) - errors} warnings")
    raise SystemExit(1 if errors else 0)


def _refuse(line: str) -> NoReturn:
    print(f"antiphon lint: {line}", file=sys.stderr)
    raise SystemExit(_WRONG_USE)
