"""Ends: of the interpreter, of a context that nobody holds, of one that was never used."""

import gc
import importlib
import os
import subprocess
import sys

import pytest

import antiphon.zmq as zmq
from tests.waiting import until

PATIENCE = 10_000


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end. Raises TimeoutExpired if it has none, and if it fails."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, timeout=10, check=True, capture_output=True, text=True)


SCRIPT_BURST = """
import antiphon.zmq as zmq
context = zmq.Context()
dealer = context.socket(zmq.DEALER)
dealer.bind("tcp://127.0.0.1:*")
print(dealer.last_endpoint.decode(), flush=True)
dealer.recv()
for number in range(201):
    dealer.send(b"%d" % number)
"""


@pytest.mark.parametrize("library", ["zmq", "antiphon.zmq"])
def test_what_is_sent_just_before_the_end_of_the_program_arrives(library: str) -> None:
    peers = importlib.import_module(library)
    script = subprocess.Popen([sys.executable, "-c", SCRIPT_BURST], stdout=subprocess.PIPE)
    context = peers.Context()
    try:
        peer = context.socket(peers.DEALER)
        peer.rcvtimeo = PATIENCE
        assert script.stdout is not None
        peer.connect(script.stdout.readline().decode().strip())
        peer.send(b"ready")
        received = [peer.recv() for _ in range(201)]
        assert script.wait(10) == 0
    finally:
        script.kill()
        script.communicate()
        context.destroy(0)
    assert received == [b"%d" % number for number in range(201)]


SCRIPT_FINALIZER = """
import sys
import time
import antiphon.zmq as zmq
sys.setswitchinterval(1e-5)
class App:
    def __init__(self):
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER, linger=300)
        self.router.bind("tcp://127.0.0.1:*")
        self.dealer = self.context.socket(zmq.DEALER, linger=300)
        self.dealer.connect(ENDPOINT)
        for _ in range(50):
            self.dealer.send(b"x")
    def __del__(self):
        self.dealer.close()
        self.router.close()
        self.context.term()
app = App()
app.itself = app if sys.argv[1] == "cycle" else None
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    app.dealer.get(zmq.SNDHWM)
"""


@pytest.mark.parametrize("endpoint", ["self.router.last_endpoint", "'tcp://127.0.0.1:9'"])
@pytest.mark.parametrize("shape", ["cycle", "tree"])
def test_a_finalizer_that_terminates_a_context_at_exit_comes_to_its_end(
    endpoint: str, shape: str
) -> None:
    script = SCRIPT_FINALIZER.replace("ENDPOINT", endpoint)
    for number in range(4):
        run(script, shape, str(0.007 * number))


SCRIPT_DAEMON = """
import threading
import antiphon.zmq as zmq
context = zmq.Context()
dealer = context.socket(zmq.DEALER)
dealer.connect("tcp://127.0.0.1:9")
dealer.send(b"nobody is there")
other = context.socket(zmq.DEALER)
blocked = threading.Event()
def block():
    blocked.set()
    other.recv()
threading.Thread(target=block, daemon=True).start()
blocked.wait()
"""


def test_a_daemon_thread_that_waits_does_not_keep_the_program() -> None:
    run(SCRIPT_DAEMON)


def test_a_context_that_nobody_holds_any_longer_leaves_its_peers() -> None:
    with zmq.Context() as context:
        router = context.socket(zmq.ROUTER, linger=0, rcvtimeo=PATIENCE)
        router.bind("tcp://127.0.0.1:*")
        forgotten = zmq.Context()
        dealer = forgotten.socket(zmq.DEALER)
        dealer.connect(router.last_endpoint)
        dealer.send(b"last words")
        assert router.recv_multipart()[1:] == [b"last words"]
        assert len(router.peers()) == 1
        del dealer, forgotten
        gc.collect()
        until(lambda: not router.peers())


@pytest.mark.parametrize("closed_before", [False, True])
def test_a_context_that_nobody_holds_any_longer_gives_its_descriptors_back(
    closed_before: bool,
) -> None:
    gc.collect()
    before = descriptors()
    for _ in range(10):
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        if closed_before:
            socket.close()
        else:
            socket.bind("tcp://127.0.0.1:*")
        del context, socket
    gc.collect()
    until(lambda: descriptors() <= before)


def test_a_context_without_sockets_gives_its_descriptors_back_at_once() -> None:
    before = descriptors()
    for _ in range(20):
        zmq.Context().term()
    assert descriptors() <= before


def test_a_poller_of_descriptors_alone_gives_its_own_back() -> None:
    read, write = os.pipe()
    before = descriptors()
    for _ in range(20):
        poller = zmq.Poller()
        poller.register(read, zmq.POLLIN)
        assert poller.poll(0) == []
    assert descriptors() <= before
    os.close(read)
    os.close(write)
