"""The same as ``antiphon bench``."""

import sys

from antiphon.cli.commands import run

if __name__ == "__main__":
    run(["bench", *sys.argv[1:]])
