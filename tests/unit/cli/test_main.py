import subprocess
import sys
from collections.abc import Callable

Run = Callable[..., tuple[int, list[str], list[str]]]


def test_without_click_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['click'] = None; from antiphon.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'antiphon[cli]'" in done.stderr


def test_the_module_is_the_program(run: Run) -> None:
    status, lines, complaints = run("--version")
    assert status == 0
    assert lines[0].startswith("antiphon ")
    assert not complaints
