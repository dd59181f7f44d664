"""The build backend: setuptools, and with ANTIPHON_MYPYC=1 the exactly pinned mypy beside it.

Unset, the wheel is pure and needs no compiler; set, a failure to compile is an error.
"""

import os

from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_wheel,
)

__all__ = (
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
)

#: mypyc's output depends on its version: what was tested is what is used.
MYPY = "mypy==2.4.1"

build_editable = build_meta.build_editable
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable


def get_requires_for_build_wheel(config_settings: dict[str, str] | None = None) -> list[str]:
    """Return what a wheel's build needs installed."""
    requires = list(build_meta.get_requires_for_build_wheel(config_settings))
    return [*requires, MYPY] if os.environ.get("ANTIPHON_MYPYC") == "1" else requires
