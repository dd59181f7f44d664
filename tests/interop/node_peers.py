"""Sockets of other stacks in Node.js: libzmq with WebSocket, and jszmq, which is no libzmq."""

import json
import os
import selectors
import shutil
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from .peers import PATIENCE_MS
from .programs import Process, Programs

__all__ = ("NodeSocket",)

_FOLDER = Path(__file__).parent / "node"
_MISSING = "Node.js or its packages are missing: run tools/node-packages"


class NodeSocket:
    """A socket that lives in a process of Node.js."""

    def __init__(self, programs: Programs, stack: str, kind: str, **options: int | str) -> None:
        node = shutil.which("node")
        if node is None or not (_FOLDER / "node_modules").exists():
            pytest.fail(_MISSING)
        words = [f"{name}={value}" for name, value in options.items()]
        self._process: Process = programs.start(node, _FOLDER / "peer.js", stack, kind, *words)

    def bind(self, endpoint: str) -> str:
        """Bind; returns the endpoint with its real port."""
        return str(self._ask(do="bind", endpoint=endpoint)["endpoint"])

    def connect(self, endpoint: str) -> None:
        """Begin to connect."""
        self._ask(do="connect", endpoint=endpoint)

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic."""
        self._ask(do="subscribe", topic=topic)

    def join(self, group: str) -> None:
        """Join a group."""
        self._ask(do="join", group=group)

    def leave(self, group: str) -> None:
        """Leave a group."""
        self._ask(do="leave", group=group)

    def attend(self) -> None:
        """Let libzmq attend to what has happened to the socket."""
        self._ask(do="attend")

    def send_multipart(self, parts: list[bytes]) -> None:
        """Send a message; that of a SERVER or a RADIO begins with the number or the group."""
        self._ask(do="send", frames=[b64encode(part).decode() for part in parts])

    def recv_multipart(self) -> list[bytes]:
        """Return the next message; that of a SERVER or a DISH begins as sent ones do."""
        return [b64decode(frame) for frame in self._ask(do="receive")["frames"]]

    def _ask(self, **command: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._read_line(str(command)[:100]))
        return answer

    def _read_line(self, command: str) -> bytes:
        assert self._process.stdout is not None
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(2 * PATIENCE_MS / 1000):
                    pytest.fail(f"no answer to {command}")
                data = os.read(self._process.stdout.fileno(), 1 << 20)
                if not data:
                    _, errors = self._process.communicate()
                    pytest.fail(f"the peer in Node.js has ended: {errors}")
                line += data
        return line
