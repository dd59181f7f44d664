"""Ends: of the interpreter, of a context that nobody holds, of one that was never used."""

import gc
import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path

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


SCRIPT_GOODBYE = """
import atexit
import sys
import antiphon.zmq as zmq
def say_goodbye():
    push.send(b"goodbye")
    context.term()
atexit.register(say_goodbye)
context = zmq.Context()
push = context.socket(zmq.PUSH)
push.connect(sys.argv[1])
"""


def test_a_handler_of_the_program_may_still_use_its_sockets() -> None:
    with zmq.Context() as context:
        pull = context.socket(zmq.PULL, linger=0, rcvtimeo=PATIENCE)
        pull.bind("tcp://127.0.0.1:*")
        run(SCRIPT_GOODBYE, pull.last_endpoint.decode())
        assert pull.recv() == b"goodbye"


SCRIPT_LAST_LINES = """
import sys
import antiphon.zmq as zmq
import logging
logging.basicConfig(filename=sys.argv[1], filemode="w", level=logging.DEBUG)
context = zmq.Context()
for _ in range(20):
    context.socket(zmq.DEALER).bind("tcp://127.0.0.1:*")
"""


def test_the_last_lines_are_written_before_logging_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run(SCRIPT_LAST_LINES, str(log))
    assert log.read_text().count("DEALER listening at") == 20


SCRIPT_SLEEPER = """
import threading
import time
import antiphon.zmq as zmq
from tests.waiting import until
context = zmq.Context()
host = context._host
pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
pull.bind("tcp://127.0.0.1:*")
push.linger = 1000
push.connect("tcp://127.0.0.1:9")
push.send(b"nobody is there")
def receive():
    try:
        pull.recv()
    except zmq.ZMQError:
        pass
thread = threading.Thread(target=receive)
thread.start()
until(host.waiting)
pull.close()
thread.join()
push.close()
if IDLE:
    until(lambda: host._caretaker.runs)
before = time.process_time()
enders = [threading.Thread(target=context.term) for _ in range(ENDERS)]
for ender in enders:
    ender.start()
for ender in enders:
    ender.join()
print(time.process_time() - before)
"""


@pytest.mark.parametrize("enders", [1, 3])
@pytest.mark.parametrize("idle", [False, True], ids=["busy", "idle"])
def test_to_wait_for_the_end_of_a_context_costs_nothing(idle: bool, enders: int) -> None:
    script = SCRIPT_SLEEPER.replace("IDLE", str(idle)).replace("ENDERS", str(enders))
    assert float(run(script).stdout) < 0.5


SCRIPT_FORKED_DAEMON = """
import os
import threading
import antiphon.zmq as zmq
def ask():
    with zmq.Context() as context:
        asker, answerer = context.socket(zmq.REQ), context.socket(zmq.REP)
        answerer.bind("inproc://here")
        asker.connect("inproc://here")
        def answer():
            for _ in range(100):
                answerer.send(answerer.recv())
        thread = threading.Thread(target=answer)
        thread.start()
        for _ in range(100):
            asker.send(b"")
            asker.recv()
        thread.join()
ask()
child = os.fork()
if child:
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os.closerange(3, 100)
ask()
"""


def test_a_daemon_that_has_closed_all_descriptors_is_woken_as_before() -> None:
    run(SCRIPT_FORKED_DAEMON)


def test_threads_that_have_slept_leave_no_descriptors() -> None:
    before = descriptors()
    with zmq.Context() as context:
        sockets = [context.socket(zmq.PULL) for _ in range(10)]
        threads = []
        for number, socket in enumerate(sockets):
            socket.bind(f"inproc://{number}")
            threads.append(threading.Thread(target=socket.recv))
            threads[-1].start()
        for number, thread in enumerate(threads):
            with context.socket(zmq.PUSH) as push:
                push.connect(f"inproc://{number}")
                push.send(b"")
            thread.join()
    until(lambda: descriptors() <= before)


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
