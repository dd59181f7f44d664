"""Fixtures of the examples."""

from collections.abc import Callable
from pathlib import Path

import pytest

Endpoints = Callable[[str], str]


@pytest.fixture(params=["tcp", "ipc", "inproc"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Endpoints:
    """Give what makes an endpoint of a name, over each transport."""
    forms = {"tcp": "tcp://127.0.0.1:*", "ipc": f"ipc://{tmp_path}/{{}}", "inproc": "inproc://{}"}
    form: str = forms[request.param]
    return form.format
