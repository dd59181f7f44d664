"""``antiphon keygen``: files for their owner, and no secret where nobody has asked for it."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import antiphon.zmq as zmq
from antiphon.cli.commands import run as run_here
from antiphon.zmq.auth import load_certificate

Run = Callable[..., tuple[int, list[str], list[str]]]


def test_a_pair_is_written_and_its_secret_not_shown(run: Run, tmp_path: Path) -> None:
    status, lines, complaints = run("keygen", "server", "--folder", str(tmp_path))
    assert (status, complaints) == (0, [])
    public, secret = load_certificate(tmp_path / "server.key_secret")
    assert secret is not None
    assert zmq.curve_public(secret) == public
    assert lines == [
        f"public key  {public.decode()}",
        f"public file {tmp_path}/server.key",
        f"secret file {tmp_path}/server.key_secret",
    ]
    assert stat.S_IMODE(os.stat(tmp_path / "server.key_secret").st_mode) == 0o600


def test_what_is_there_is_kept_unless_forced(run: Run, tmp_path: Path) -> None:
    arguments = ("keygen", "id", "--folder", str(tmp_path), "--json")
    first = json.loads(run(*arguments)[1][0])
    status, lines, [complaint] = run(*arguments)
    assert (status, lines) == (1, [])
    assert complaint.startswith(f"antiphon keygen: {tmp_path}/id.key exists already: --force")
    assert load_certificate(first["public_file"])[0].decode() == first["public_key"]
    status, [line], _ = run(*arguments, "--force", "--show-secret")
    second = json.loads(line)
    assert status == 0
    assert second["public_key"] != first["public_key"]
    assert zmq.curve_public(second["secret_key"]).decode() == second["public_key"]
    assert "secret_key" not in first


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "name is missing: it takes a name for the files, such as server"),
        (("a/b",), "the folder is for --folder to say"),
        (("",), "name takes a name"),
        ((".hidden",), "name takes a name"),
        (("id", "--folder", "/nowhere"), "--folder"),
    ],
)
def test_wrong_use(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        run_here(["keygen", *arguments])
    printed = capsys.readouterr()
    assert caught.value.code == 2
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run_here(["keygen", "--help"])
    assert not caught.value.code
    assert "Example: antiphon keygen server --folder keys" in capsys.readouterr().out
