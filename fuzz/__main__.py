"""Runs one target under atheris, or adds what it found to the corpus.

What makes new code run is kept in build/fuzz/TARGET, what fails in build/fuzz/TARGET-*.
"""

import argparse
import importlib
import sys
from pathlib import Path

from fuzz.minimising import minimise

__all__ = ("main",)

_CORPUS = Path(__file__).parent / "corpus"
_WORDS = Path(__file__).parent / "zmtp.dict"
_BUILD = Path(__file__).parents[1] / "build" / "fuzz"
#: Longer inputs reach nothing more: the bounds of the targets are small.
_MAX_SIZE = 768


def main() -> None:
    """Parse the command line and run; ends the process with atheris's status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(path.name for path in _CORPUS.iterdir()))
    parser.add_argument("--seconds", type=int, default=60, help="how long to run (60)")
    parser.add_argument(
        "--minimise", action="store_true", help="add what reaches new code to the corpus"
    )
    asked = parser.parse_args()
    corpus, found = _CORPUS / asked.target, _BUILD / asked.target
    found.mkdir(parents=True, exist_ok=True)
    if asked.minimise:
        targets = importlib.import_module("fuzz.targets")
        print(minimise(targets.TARGETS[asked.target], corpus, found), "new inputs")
        return
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        parser.error("atheris is missing: pip install '.[fuzz]' (CPython on Linux, x86-64)")
    # What is imported here for the first time is watched as it runs.
    with atheris.instrument_imports(include=["antiphon"]):
        targets = importlib.import_module("fuzz.targets")
    options = [
        f"-max_len={_MAX_SIZE}",
        f"-max_total_time={asked.seconds}",
        f"-dict={_WORDS}",
        f"-artifact_prefix={found}-",
        "-print_final_stats=1",
    ]
    directories = [str(found), str(corpus)]
    atheris.Setup([sys.argv[0], *options, *directories], targets.TARGETS[asked.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
