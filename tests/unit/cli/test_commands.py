import pytest

import antiphon
from antiphon.cli.commands import run


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        run(list(arguments))
    assert caught.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_version_says_which_build_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    info = antiphon.build_info()
    line = printed(capsys, "--version")
    assert info.version in line
    assert ("(compiled" if info.compiled else "(interpreted") in line


def test_the_shell_that_completes_words_hears_no_version(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_ANTIPHON_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "antiphon --version ")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert printed(capsys).startswith("plain,bench plain,broker ")


@pytest.mark.parametrize("command", ["broker", "demo", "lint", "spy"])
def test_help_has_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert f"Example: antiphon {command} " in printed(capsys, command, "--help")


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "-h")
    assert "broker" in text
    assert "demo" in text
