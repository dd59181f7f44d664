"""Wrong use is one line, whatever is wrong; in this process, as it is the same for all."""

import pytest

from antiphon.cli.commands import run

ANYWHERE = "tcp://127.0.0.1:*"
BROKER = ("broker", "--frontend", ANYWHERE, "--backend", ANYWHERE)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        run(list(arguments))
    printed = capsys.readouterr()
    assert caught.value.code == 2
    assert printed.out == ""
    assert printed.err.endswith(" --help\n")
    assert printed.err.count("\n") == 1
    return printed.err.partition("; see ")[0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "antiphon: no command is given: the commands are bench, broker, demo"),
        (("bogus",), "antiphon: no such command 'bogus': the commands are bench, broker, demo"),
        (("--bogus",), "antiphon: there is no option --bogus"),
        (("broker", "--front", "x"), "antiphon broker: there is no option --front: did you mean"),
        (("broker", "--backend", ANYWHERE), "antiphon broker: --frontend is missing: it takes an"),
        (("broker", "--frontend"), "antiphon broker: --frontend takes an endpoint such as tcp://"),
        ((*BROKER, "--stats=3"), "antiphon broker: --stats takes no value"),
        ((*BROKER, "a", "b\nc"), "antiphon broker: got unexpected extra arguments (a b c)"),
        (("demo", "x"), "antiphon demo: got unexpected extra argument (x)"),
        (("demo", "--clients"), "antiphon demo: --clients takes a whole number from 1 to 64"),
    ],
)
def test_wrong_use_is_one_line_with_a_hint(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], line: str
) -> None:
    assert complaint(capsys, *arguments).startswith(line)


@pytest.mark.parametrize("option", ["--retries", "--backlog", "--trace"])
@pytest.mark.parametrize("value", ["many", "-1", "1.5", "", "two\nlines", "9" * 5000])
def test_the_brokers_numbers_are_whole(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    line = complaint(capsys, *BROKER, option, value)
    assert line.startswith(f"antiphon broker: {option} takes a whole number from 0, not '")
    assert len(line) < 100


@pytest.mark.parametrize(
    ("option", "takes"), [("--clients", "1 to 64"), ("--workers", "3 to 64"), ("--requests", "1")]
)
@pytest.mark.parametrize("value", ["x", "0"])
def test_the_demos_numbers_have_limits(
    capsys: pytest.CaptureFixture[str], option: str, takes: str, value: str
) -> None:
    line = complaint(capsys, "demo", option, value)
    assert line == f"antiphon demo: {option} takes a whole number from {takes}, not '{value}'"


@pytest.mark.parametrize("option", ["--clients", "--workers"])
def test_the_demos_processes_are_not_too_many(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert complaint(capsys, "demo", option, "65").endswith(" to 64, not '65'")


@pytest.mark.parametrize("option", ["--frontend", "--backend"])
@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("nonsense", "write transport://address"),
        ("tcp://127.0.0.1", "the port is missing"),
        ("tcp://127.0.0.1:70000", "the port must be a number"),
        ("ipc://" + "x" * 300, "choose a shorter one"),
        ("inproc://a", "inproc is within one: use tcp or ipc"),
    ],
)
def test_an_endpoint_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], option: str, endpoint: str, why: str
) -> None:
    line = complaint(capsys, *BROKER, option, endpoint)
    assert line.startswith(f"antiphon broker: {option} ")
    assert why in line
