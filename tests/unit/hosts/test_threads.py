"""The blocking host: who waits runs the reactor, nobody is forgotten."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import zmq as theirs

from antiphon.engine.monitor import PAIR
from antiphon.engine.socket import DEALER, REP, REQ, ROUTER, SocketCore
from antiphon.errors import Again, ContextTerminated, SocketClosed, StateError
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
from antiphon.zmq import Context

PATIENCE = 10_000


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.destroy(0)


def bound(host: Host, kind: int, endpoint: str = "tcp://127.0.0.1:*") -> tuple[SocketCore, str]:
    core = host.open(kind, SocketOptions())
    return core, host.bind(core, endpoint)


def connected(host: Host, kind: int, endpoint: str) -> SocketCore:
    core = host.open(kind, SocketOptions())
    host.connect(core, endpoint)
    return core


def test_request_and_reply_over_tcp(host: Host) -> None:
    rep, endpoint = bound(host, REP)
    req = connected(host, REQ, endpoint)
    host.send(req, [b"Hello"], PATIENCE)
    assert host.recv(rep, PATIENCE) == [b"Hello"]
    host.send(rep, [b"World"], PATIENCE)
    assert host.recv(req, PATIENCE) == [b"World"]


def test_many_threads_share_one_context(host: Host) -> None:
    endpoints: list[str] = []
    ready = threading.Semaphore(0)
    wrong: list[object] = []

    def serve(endpoint: str) -> None:
        rep, real = bound(host, REP, endpoint)
        endpoints.append(real)
        ready.release()
        try:
            while True:
                host.send(rep, host.recv(rep, -1), -1)
        except ContextTerminated:
            return

    def ask(number: int) -> None:
        req = host.open(REQ, SocketOptions())
        for endpoint in endpoints:
            host.connect(req, endpoint)
        for turn in range(100):
            body = b"%d-%d" % (number, turn)
            host.send(req, [body], PATIENCE)
            if host.recv(req, PATIENCE) != [body]:
                wrong.append(body)
        host.close(req, 0)

    servers = [
        threading.Thread(target=serve, args=(text,))
        for text in ("tcp://127.0.0.1:*", "inproc://a", "tcp://127.0.0.1:*", "inproc://b")
    ]
    for server in servers:
        server.start()
        ready.acquire()
    clients = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(30)
        assert not client.is_alive()
    host.destroy(0)
    for server in servers:
        server.join(10)
        assert not server.is_alive()
    assert wrong == []


def test_threads_share_one_socket_and_lose_nothing(host: Host) -> None:
    router, endpoint = bound(host, ROUTER)
    dealer = connected(host, DEALER, endpoint)
    received: list[bytes] = []

    def drain() -> None:
        while len(received) < 2000:
            try:
                received.append(host.recv(router, 100)[1])
            except Again:
                continue

    drains = [threading.Thread(target=drain) for _ in range(3)]
    for thread in drains:
        thread.start()
    for number in range(2000):
        host.send(dealer, [b"%d" % number], PATIENCE)
    for thread in drains:
        thread.join(20)
    assert sorted(received) == sorted(b"%d" % number for number in range(2000))


def test_time_outs_raise_again_and_not_early(host: Host) -> None:
    rep, _ = bound(host, REP)
    start = time.monotonic()
    with pytest.raises(Again):
        host.recv(rep, 100)
    assert time.monotonic() - start >= 0.1
    with pytest.raises(Again):
        host.recv(rep, 0)
    req = host.open(REQ, SocketOptions())
    with pytest.raises(Again):
        host.send(req, [b"nobody is there"], 50)


def test_wrong_order_raises_and_breaks_nothing(host: Host) -> None:
    rep, endpoint = bound(host, REP)
    req = connected(host, REQ, endpoint)
    with pytest.raises(StateError):
        host.recv(req, PATIENCE)
    with pytest.raises(StateError):
        host.send(rep, [b"unasked"], PATIENCE)
    host.send(req, [b"1"], PATIENCE)
    with pytest.raises(StateError):
        host.send(req, [b"2"], PATIENCE)
    assert host.recv(rep, PATIENCE) == [b"1"]


def test_term_wakes_blocked_calls(host: Host) -> None:
    outcomes: list[type[BaseException]] = []
    waiting = threading.Semaphore(0)

    def block(kind: int) -> None:
        core, _ = bound(host, kind)
        waiting.release()
        try:
            host.recv(core, -1)
        except ContextTerminated as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=block, args=(kind,)) for kind in (REP, DEALER, ROUTER)]
    for thread in threads:
        thread.start()
        waiting.acquire()
    host.term()
    for thread in threads:
        thread.join(10)
    assert outcomes == [ContextTerminated] * 3


def test_closing_a_socket_wakes_who_waits_for_it(host: Host) -> None:
    rep, _ = bound(host, REP)
    outcomes: list[BaseException] = []
    waiting = threading.Event()

    def block() -> None:
        waiting.set()
        try:
            host.recv(rep, -1)
        except SocketClosed as error:
            outcomes.append(error)

    thread = threading.Thread(target=block)
    thread.start()
    waiting.wait()
    host.close(rep, 0)
    thread.join(10)
    assert len(outcomes) == 1


def test_linger_lets_the_last_message_out(host: Host) -> None:
    dealer, endpoint = bound(host, DEALER)
    other = Host()
    sender = connected(other, DEALER, endpoint)
    other.send(sender, [b"last words"], PATIENCE)
    finished = threading.Thread(target=other.term)
    finished.start()
    assert host.recv(dealer, PATIENCE) == [b"last words"]
    finished.join(10)
    assert not finished.is_alive()


def test_term_returns_within_linger(host: Host) -> None:
    other = Host()
    sender = connected(other, DEALER, "tcp://127.0.0.1:9")
    other.send(sender, [b"nobody hears"], PATIENCE)
    start = time.monotonic()
    other.destroy(50)
    assert time.monotonic() - start < 5


def test_poll_sees_sockets_and_descriptors(host: Host) -> None:
    rep, endpoint = bound(host, REP)
    req = connected(host, REQ, endpoint)
    read, write = os.pipe()
    try:
        assert host.poll([(rep, 1), (read, 1)], 0) == []
        host.send(req, [b"x"], PATIENCE)
        assert host.poll([(rep, 1), (read, 1)], PATIENCE) == [(rep, 1)]
        host.recv(rep, PATIENCE)
        os.write(write, b"!")
        assert host.poll([(rep, 1), (read, 1)], PATIENCE) == [(read, 1)]
        assert host.poll([(rep, 2)], 0) == [(rep, 2)]
    finally:
        os.close(read)
        os.close(write)


def test_the_caretaker_serves_while_the_program_computes(host: Host) -> None:
    # No call into the host follows the connect: only the caretaker can complete the handshake.
    rep, endpoint = bound(host, REP)
    connected(host, REQ, endpoint)
    deadline = time.monotonic() + 10
    while not any(peer.connected for peer in host.call(rep.peers)):
        assert time.monotonic() < deadline


def test_the_caretaker_serves_while_all_threads_wait_for_their_own_process(host: Host) -> None:
    pair, _ = bound(host, PAIR, "inproc://quiet")
    other = connected(host, PAIR, "inproc://quiet")
    _, endpoint = bound(host, DEALER)
    received: list[list[bytes]] = []
    waiting = threading.Thread(target=lambda: received.append(host.recv(pair, PATIENCE)))
    waiting.start()
    with theirs.Context() as context, context.socket(theirs.DEALER) as peer:
        # Without a handshake there is no room for a message; we make no call meanwhile.
        peer.setsockopt(theirs.IMMEDIATE, 1)
        peer.setsockopt(theirs.LINGER, 0)
        peer.connect(endpoint)
        assert peer.poll(PATIENCE, theirs.POLLOUT) == theirs.POLLOUT
    host.send(other, [b"enough"], PATIENCE)
    waiting.join(10)
    assert received == [[b"enough"]]


SCRIPT_INTERRUPTED = """
import threading
from antiphon.engine.socket import REP
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
host = Host()
rep = host.open(REP, SocketOptions())
host.bind(rep, ENDPOINT)
try:
    print("waiting", flush=True)
    host.recv(rep, -1)
except KeyboardInterrupt:
    host.destroy(0)
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "inproc://here"])
def test_ctrl_c_ends_a_blocking_call(endpoint: str) -> None:
    script = SCRIPT_INTERRUPTED.replace("ENDPOINT", repr(endpoint))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert output == "interrupted\n"
    assert process.returncode == 0


SCRIPT_INTERRUPTED_AT_ANY_TIME = """
import signal
import threading
import time
from antiphon import zmq

def interrupt(go, delay):
    go.wait()
    time.sleep(delay)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

def wait(endpoint, context, others, delay):
    one, other = context.socket(zmq.PAIR), others.socket(zmq.PAIR)
    one.bind(endpoint)
    other.connect(one.last_endpoint)
    other.send(b"they have met")
    one.recv()
    go = threading.Event()
    thread = threading.Thread(target=interrupt, args=(go, delay))
    thread.start()
    try:
        go.set()
        one.send(b"an answer may come")
        one.recv()
    except KeyboardInterrupt:
        pass
    finally:
        thread.join()

for number in range(100):
    with zmq.Context() as context, zmq.Context() as strangers:
        context.linger = strangers.linger = 0
        delay = number * 3e-6
        if number % 4 == 0:
            wait("inproc://here", context, context, delay)
        else:
            wait("tcp://127.0.0.1:*", context, strangers, delay)
"""


def test_ctrl_c_ends_it_whenever_it_comes() -> None:
    """Also while the thread looks whether an answer is about to come, or begins to sleep."""
    subprocess.run([sys.executable, "-c", SCRIPT_INTERRUPTED_AT_ANY_TIME], timeout=100, check=True)


SCRIPT_EXIT = """
from antiphon.engine.socket import DEALER
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
host = Host()
dealer = host.open(DEALER, SocketOptions())
host.connect(dealer, "tcp://127.0.0.1:9")
host.send(dealer, [b"nobody is there"], -1)
"""


def test_interpreter_exit_never_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT_EXIT], timeout=20, check=True)
    assert done.returncode == 0


SCRIPT_FORK = """
import os
from antiphon.engine.socket import REP
from antiphon.errors import ForkedError
from antiphon.hosts.threads import Host
from antiphon.options import SocketOptions
host = Host()
rep = host.open(REP, SocketOptions())
host.bind(rep, "tcp://127.0.0.1:*")
child = os.fork()
if child == 0:
    try:
        host.recv(rep, 0)
    except ForkedError:
        fresh = Host()
        fresh.open(REP, SocketOptions())
        os._exit(7)
    os._exit(1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_use_after_fork_raises_a_clear_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT_FORK], timeout=20, check=True, capture_output=True, text=True
    )
    assert done.stdout == "7\n"


def test_a_queue_that_is_emptied_before_the_wait_begins_has_room() -> None:
    context = Context()
    with theirs.Context() as their_context, their_context.socket(theirs.DEALER) as peer:
        port = peer.bind_to_random_port("tcp://127.0.0.1")
        socket = context.socket(DEALER)
        socket.sndhwm = 1
        socket.sndtimeo = 10_000
        socket.connect(f"tcp://127.0.0.1:{port}")
        for number in range(100):
            socket.send(b"%d" % number)
        for number in range(100):
            assert peer.recv() == b"%d" % number
    context.destroy(0)
