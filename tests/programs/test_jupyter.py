"""Jupyter: a client and a kernel talk by DEALER, ROUTER, SUB, XPUB, REQ, PAIR and their like."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .started import require

require("jupyter_client", "ipykernel")

pytestmark = pytest.mark.timeout(180)

#: Runs on both sides: what is said of zmq there.
QUESTION = "import zmq; print('runs on', zmq.Context.__module__, 6 * 7)"

BLOCKING = """\
import zmq
from jupyter_client.manager import start_new_kernel

print("client runs on", zmq.Context.__module__)
manager, client = start_new_kernel(kernel_name="antiphon", startup_timeout=60)


def run(code):
    seen = []
    reply = client.execute_interactive(code, timeout=60, output_hook=seen.append)
    for message in seen:
        if message["msg_type"] == "stream":
            print("stream:", message["content"]["text"].strip())
        elif message["msg_type"] == "execute_result":
            print("result:", message["content"]["data"]["text/plain"])
    return reply["content"]


print("status:", run(QUESTION)["status"])
print("status:", run("x = 20 * 2 + 2\\nx")["status"])
print("failed:", run("1 / 0")["ename"])
print("input:", run("sum(range(100_000))")["status"])

client.execute("print('busy', flush=True)\\nwhile True: pass")
while client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
    pass
manager.interrupt_kernel()
print("interrupted:", client.get_shell_msg(timeout=60)["content"]["ename"])
print("state kept:", run("x")["status"])

manager.restart_kernel()
client.wait_for_ready(timeout=60)
print("restarted:", run("x")["ename"])
print("beats:", client.hb_channel.is_beating())

client.stop_channels()
manager.shutdown_kernel()
print("alive:", manager.is_alive())
"""

ASYNCIO = """\
import asyncio
import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager


async def main():
    print("client runs on", zmq.asyncio.Context.__module__)
    manager = AsyncKernelManager(kernel_name="antiphon")
    await manager.start_kernel()
    client = manager.client()
    # The heartbeat has a thread and a loop of its own; a context of asyncio has one.
    client.start_channels(hb=False)
    await client.wait_for_ready(timeout=60)
    seen = []
    reply = await client.execute_interactive(QUESTION, timeout=60, output_hook=seen.append)
    print("status:", reply["content"]["status"])
    for message in seen:
        if message["msg_type"] == "stream":
            print("stream:", message["content"]["text"].strip())
    client.stop_channels()
    await manager.shutdown_kernel()
    print("alive:", await manager.is_alive())


asyncio.run(main())
"""


@pytest.fixture
def kernel(tmp_path: Path) -> dict[str, str]:
    """Describe a kernel that runs on Antiphon; returns the environment that finds it."""
    command = [sys.executable, "-m", "antiphon.zmq", "-m", "ipykernel_launcher"]
    directory = tmp_path / "kernels" / "antiphon"
    directory.mkdir(parents=True)
    (directory / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [*command, "-f", "{connection_file}"],
                "display_name": "Antiphon",
                "language": "python",
            }
        )
    )
    own = {name: str(tmp_path / name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    return {"JUPYTER_PATH": str(tmp_path), **own}


def test_a_client_that_blocks(
    start: Callable[..., Any], kernel: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "client.py").write_text(f"QUESTION = {QUESTION!r}\n{BLOCKING}")
    printed = start("client.py", **kernel).succeed().splitlines()
    assert [line for line in printed if not line.startswith("[IPKernelApp]")] == [
        "client runs on antiphon.zmq.context",
        "stream: runs on antiphon.zmq.context 42",
        "status: ok",
        "result: 42",
        "status: ok",
        "failed: ZeroDivisionError",
        "result: 4999950000",
        "input: ok",
        "interrupted: KeyboardInterrupt",
        "result: 42",
        "state kept: ok",
        "restarted: NameError",
        "beats: True",
        "alive: False",
    ]


def test_a_client_of_asyncio(
    start: Callable[..., Any], kernel: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "client.py").write_text(f"QUESTION = {QUESTION!r}\n{ASYNCIO}")
    printed = start("client.py", **kernel).succeed().splitlines()
    assert [line for line in printed if not line.startswith("[IPKernelApp]")] == [
        "client runs on antiphon.zmq.futures",
        "status: ok",
        "stream: runs on antiphon.zmq.context 42",
        "alive: False",
    ]
