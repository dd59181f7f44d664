"""Proxies and devices, beside pyzmq's."""

import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq as theirs
import zmq.devices as their_devices

import antiphon.zmq as ours
import antiphon.zmq.asyncio as aio
from antiphon.zmq import devices as our_devices
from antiphon.zmq.proxies import monitored_queue

pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


@pytest.fixture
def context() -> Iterator[ours.Context]:
    context = ours.Context()
    context.linger = 0
    context.rcvtimeo = context.sndtimeo = 10_000
    yield context
    context.destroy(0)


@pytest.fixture
def in_background(context: ours.Context) -> Iterator[Callable[..., list[Any]]]:
    """Give what runs a call in a thread until the context ends, and returns how it has ended."""
    threads: list[threading.Thread] = []

    def start(call: Callable[..., Any], *sockets: Any) -> list[Any]:
        ended: list[Any] = []

        def run() -> None:
            try:
                ended.append(call(*sockets))
            except ours.ZMQError as error:
                ended.append(type(error))

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return ended

    yield start
    context.destroy(0)
    for thread in threads:
        thread.join(10)


def bound(context: Any, kind: int, **options: int) -> tuple[Any, str]:
    socket = context.socket(kind, **options)
    socket.bind("tcp://127.0.0.1:*")
    return socket, socket.last_endpoint.decode()


def connected(context: Any, kind: int, endpoint: str) -> Any:
    socket = context.socket(kind)
    socket.linger = 0
    socket.rcvtimeo = socket.sndtimeo = 10_000
    socket.connect(endpoint)
    return socket


def test_clients_and_workers_of_pyzmq_meet(context: ours.Context, in_background: Any) -> None:
    frontend, clients_at = bound(context, ours.ROUTER)
    backend, workers_at = bound(context, ours.DEALER)
    ended = in_background(ours.proxy, frontend, backend)
    with theirs.Context() as their_context:
        workers = [connected(their_context, theirs.REP, workers_at) for _ in range(3)]
        clients = [connected(their_context, theirs.DEALER, clients_at) for _ in range(3)]

        def serve(worker: Any) -> None:
            while (request := worker.recv()) != b"stop":
                worker.send(request.upper())
            worker.send(b"stopped")

        threads = [threading.Thread(target=serve, args=[worker]) for worker in workers]
        for thread in threads:
            thread.start()
        for number, client in enumerate(clients):
            for request in range(200):
                client.send_multipart([b"", b"client %d request %d" % (number, request)])
        for number, client in enumerate(clients):
            replies = {client.recv_multipart()[1] for _ in range(200)}
            assert replies == {b"CLIENT %d REQUEST %d" % (number, n) for n in range(200)}
        for _ in workers:
            clients[0].send_multipart([b"", b"stop"])
            assert clients[0].recv_multipart()[1] == b"stopped"
        for thread in threads:
            thread.join(10)
        for socket in (*workers, *clients):
            socket.close()
    context.term()
    assert _soon(ended) == ours.ContextTerminated


def _soon(ended: list[Any]) -> Any:
    for thread in threading.enumerate():
        if thread.name.startswith("Thread"):
            thread.join(10)
    return ended[0]


def test_one_socket_is_a_mirror(context: ours.Context, in_background: Any) -> None:
    rep, endpoint = bound(context, ours.REP)
    in_background(ours.proxy, rep, rep)
    req = connected(context, ours.REQ, endpoint)
    for number in range(5):
        req.send(b"%d" % number)
        assert req.recv() == b"%d" % number


def test_a_forwarder_passes_subscriptions_and_what_they_ask_for(
    context: ours.Context, in_background: Any
) -> None:
    frontend, publishers_at = bound(context, ours.XSUB)
    backend, subscribers_at = bound(context, ours.XPUB)
    in_background(ours.proxy, frontend, backend)
    with theirs.Context() as their_context:
        publisher = connected(their_context, theirs.PUB, publishers_at)
        subscriber = connected(their_context, theirs.SUB, subscribers_at)
        subscriber.subscribe(b"wanted")
        number = 0
        while not subscriber.poll(20):
            number += 1
            publisher.send(b"unwanted")
            publisher.send_multipart([b"wanted", b"%d" % number])
        topic, _ = subscriber.recv_multipart()
        assert topic == b"wanted"
        publisher.close()
        subscriber.close()


def test_a_slow_side_holds_the_fast_one_back(context: ours.Context, in_background: Any) -> None:
    frontend, source_at = bound(context, ours.PULL, rcvhwm=10)
    backend, target_at = bound(context, ours.PUSH, sndhwm=10)
    in_background(ours.proxy, frontend, backend)
    other = ours.Context()
    source, target = other.socket(ours.PUSH, sndhwm=10), other.socket(ours.PULL, rcvhwm=10)
    target.rcvtimeo = 10_000
    source.connect(source_at)
    target.connect(target_at)
    sent = 0
    while source.poll(200, ours.POLLOUT):
        source.send(b"%8d" % sent + b"x" * 100_000)
        sent += 1
    assert sent > 20
    for number in range(sent):
        assert target.recv()[:8] == b"%8d" % number
    other.destroy(0)


def test_what_passes_is_captured(context: ours.Context, in_background: Any) -> None:
    frontend, clients_at = bound(context, ours.ROUTER)
    backend, workers_at = bound(context, ours.DEALER)
    capture, capture_at = bound(context, ours.PUSH)
    in_background(ours.proxy, frontend, backend, capture)
    seen = connected(context, ours.PULL, capture_at)
    worker = connected(context, ours.REP, workers_at)
    client = connected(context, ours.REQ, clients_at)
    client.send(b"question")
    assert worker.recv() == b"question"
    worker.send(b"answer")
    assert client.recv() == b"answer"
    assert [seen.recv_multipart()[1:] for _ in range(2)] == [[b"", b"question"], [b"", b"answer"]]


@pytest.mark.parametrize("control_type", ["PAIR", "REQ"])
def test_a_steerable_proxy(context: ours.Context, in_background: Any, control_type: str) -> None:
    frontend, clients_at = bound(context, ours.ROUTER)
    backend, workers_at = bound(context, ours.DEALER)
    obeys = "REP" if control_type == "REQ" else control_type
    control, control_at = bound(context, getattr(ours, obeys))
    ended = in_background(ours.proxy_steerable, frontend, backend, None, control)
    steer = connected(context, getattr(ours, control_type), control_at)
    worker = connected(context, ours.REP, workers_at)
    client = connected(context, ours.REQ, clients_at)

    def command(name: bytes) -> list[int]:
        steer.send(name)
        if control_type == "PAIR" and name != b"STATISTICS":
            return []
        return [struct.unpack("=Q", part)[0] for part in steer.recv_multipart() if part]

    assert command(b"STATISTICS") == [0] * 8
    command(b"PAUSE")
    client.send(b"question")
    assert not worker.poll(100)
    command(b"RESUME")
    assert worker.recv() == b"question"
    worker.send(b"answer")
    assert client.recv() == b"answer"
    assert command(b"STATISTICS") == [3, 13, 3, 11, 3, 11, 3, 13]
    command(b"TERMINATE")
    assert _soon(ended) is None
    assert not frontend.closed


def test_without_control_a_proxy_is_not_steered(context: ours.Context, in_background: Any) -> None:
    rep, endpoint = bound(context, ours.REP)
    in_background(ours.proxy_steerable, rep, rep)
    req = connected(context, ours.REQ, endpoint)
    req.send(b"x")
    assert req.recv() == b"x"


def test_a_monitored_queue_tells_the_sides_apart(context: ours.Context, in_background: Any) -> None:
    frontend, clients_at = bound(context, ours.PAIR)
    backend, workers_at = bound(context, ours.PAIR)
    monitor, monitor_at = bound(context, ours.PUSH)
    in_background(monitored_queue, frontend, backend, monitor, b"request", b"reply")
    seen = connected(context, ours.PULL, monitor_at)
    client = connected(context, ours.PAIR, clients_at)
    worker = connected(context, ours.PAIR, workers_at)
    client.send_multipart([b"question", b"2"])
    assert worker.recv_multipart() == [b"question", b"2"]
    worker.send(b"answer")
    assert client.recv() == b"answer"
    assert seen.recv_multipart() == [b"request", b"question", b"2"]
    assert seen.recv_multipart() == [b"reply", b"answer"]


def test_other_threads_go_on_beside_a_busy_proxy(context: ours.Context, in_background: Any) -> None:
    rep, endpoint = bound(context, ours.ROUTER)
    in_background(ours.proxy, rep, rep)
    busy = context.socket(ours.DEALER)
    busy.connect(endpoint)
    for _ in range(100):
        busy.send(b"around and around")
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            busy.send(busy.recv())

    thread = threading.Thread(target=keep_busy)
    thread.start()
    a, there = bound(context, ours.REP)
    b = connected(context, ours.REQ, there)
    for _ in range(50):
        b.send(b"x")
        a.send(a.recv())
        assert b.recv() == b"x"
    stop.set()
    thread.join(10)


def test_what_cannot_be_joined_is_refused(context: ours.Context) -> None:
    here = context.socket(ours.DEALER)
    wrong: Any = 5
    with aio.Context() as loops, ours.Context() as other:
        unfit: list[Any] = [wrong, None, loops.socket(ours.DEALER)]
        for socket in unfit:
            with pytest.raises(TypeError):
                ours.proxy(here, socket)
        with pytest.raises(ValueError, match="one context"):
            ours.proxy(here, other.socket(ours.DEALER))
    with pytest.raises(TypeError, match="prefix"):
        monitored_queue(here, here, here, in_prefix=wrong)
    closed = context.socket(ours.DEALER)
    closed.close()
    with pytest.raises(ours.SocketClosed):
        ours.proxy(here, closed)
    context.term()
    with pytest.raises(ours.ContextTerminated):
        ours.proxy(here, here)


def test_a_socket_that_is_closed_ends_its_proxy(context: ours.Context, in_background: Any) -> None:
    rep, _ = bound(context, ours.REP)
    ended = in_background(ours.proxy, rep, rep)
    rep.close()
    assert _soon(ended) == ours.SocketClosed


DEVICES = [name for name in their_devices.__all__ if isinstance(getattr(their_devices, name), type)]


@pytest.mark.parametrize("name", DEVICES)
def test_devices_have_the_methods_of_pyzmq(name: str) -> None:
    here, there = getattr(our_devices, name), getattr(their_devices, name)
    missing = {each for each in dir(there) if not each.startswith("_")} - set(dir(here))
    assert not missing
    bases = {base.__name__ for base in there.__mro__ if base.__module__.startswith("zmq")}
    assert bases <= {base.__name__ for base in here.__mro__}


@pytest.fixture(params=[their_devices, our_devices], ids=["pyzmq", "antiphon"])
def either_devices(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def either(either_devices: Any) -> Any:
    return theirs if either_devices is their_devices else ours


def launched(device: Any, either_context: Any) -> Any:
    device.context_factory = lambda: either_context
    device.daemon = True
    device.start()
    return device


def test_a_device_needs_types(either_devices: Any, either: Any) -> None:
    with pytest.raises(TypeError):
        either_devices.Device(either.QUEUE)
    device = either_devices.ThreadDevice(either.QUEUE, either.ROUTER, either.DEALER)
    assert (device.device_type, device.in_type, device.out_type) == (
        either.QUEUE,
        either.ROUTER,
        either.DEALER,
    )
    assert (device.daemon, device.done) == (True, False)


def test_a_device_in_a_thread(either_devices: Any, either: Any) -> None:
    context = either.Context()
    device = either_devices.ThreadDevice(either.QUEUE, either.ROUTER, either.DEALER)
    clients = device.bind_in_to_random_port("tcp://127.0.0.1")
    workers = device.bind_out_to_random_port("tcp://127.0.0.1")
    assert clients != workers
    device.setsockopt_in(either.LINGER, 0)
    device.setsockopt_out(either.LINGER, 0)
    launched(device, context)
    client = connected(context, either.REQ, f"tcp://127.0.0.1:{clients}")
    worker = connected(context, either.REP, f"tcp://127.0.0.1:{workers}")
    client.send(b"question")
    assert worker.recv() == b"question"
    worker.send(b"answer")
    assert client.recv() == b"answer"
    client.close()
    worker.close()
    context.term()
    device.join(10)
    assert device.done


@pytest.mark.parametrize("side", ["in", "out"])
def test_a_device_with_one_socket(either_devices: Any, either: Any, side: str) -> None:
    context = either.Context()
    device = either_devices.ThreadDevice(either.QUEUE, either.REP, -1)
    device.setsockopt_in(either.LINGER, 0)
    port = getattr(device, f"bind_{side}_to_random_port")("tcp://127.0.0.1")
    launched(device, context)
    client = connected(context, either.REQ, f"tcp://127.0.0.1:{port}")
    client.send(b"hello")
    assert client.recv() == b"hello"
    client.close()
    context.term()
    device.join(10)


def test_no_two_random_ports_of_a_device_are_the_same(either_devices: Any, either: Any) -> None:
    device = either_devices.ThreadProxy(either.PULL, either.PUSH, either.PUSH)
    bind = (
        device.bind_in_to_random_port,
        device.bind_out_to_random_port,
        device.bind_mon_to_random_port,
    )
    limits = {"min_port": 21100, "max_port": 21106}
    assert len({bind_one("tcp://127.0.0.1", **limits) for bind_one in bind}) == 3
    device = either_devices.ThreadProxy(either.PULL, either.PUSH, either.PUSH)
    only = {"min_port": 21107, "max_port": 21108}
    assert device.bind_in_to_random_port("tcp://127.0.0.1", **only) == 21107
    with pytest.raises(either.ZMQBindError):
        device.bind_out_to_random_port("tcp://127.0.0.1", **only)


def test_a_proxy_device_is_watched(either_devices: Any, either: Any) -> None:
    context = either.Context()
    device = either_devices.ThreadProxy(either.PULL, either.PUSH, either.PUSH)
    ports = [
        device.bind_in_to_random_port("tcp://127.0.0.1"),
        device.bind_out_to_random_port("tcp://127.0.0.1"),
        device.bind_mon_to_random_port("tcp://127.0.0.1"),
    ]
    for set_option in (device.setsockopt_in, device.setsockopt_out, device.setsockopt_mon):
        set_option(either.LINGER, 0)
    launched(device, context)
    source, target, seen = (
        connected(context, kind, f"tcp://127.0.0.1:{port}")
        for kind, port in zip((either.PUSH, either.PULL, either.PULL), ports, strict=True)
    )
    source.send_multipart([b"a", b"b"])
    assert target.recv_multipart() == seen.recv_multipart() == [b"a", b"b"]
    for socket in (source, target, seen):
        socket.close()
    context.term()
    device.join(10)


def test_a_monitored_queue_of_two_routers(either_devices: Any, either: Any) -> None:
    context = either.Context()
    device = either_devices.ThreadMonitoredQueue(
        either.ROUTER, either.ROUTER, either.PUSH, b"in", b"out"
    )
    ports = [
        device.bind_in_to_random_port("tcp://127.0.0.1"),
        device.bind_out_to_random_port("tcp://127.0.0.1"),
        device.bind_mon_to_random_port("tcp://127.0.0.1"),
    ]
    for set_option in (device.setsockopt_in, device.setsockopt_out, device.setsockopt_mon):
        set_option(either.LINGER, 0)
    launched(device, context)
    sockets = [context.socket(kind) for kind in (either.DEALER, either.DEALER, either.PULL)]
    for socket, port, name in zip(sockets, ports, (b"alice", b"bob", b""), strict=True):
        socket.linger = 0
        socket.rcvtimeo = 10_000
        if name:
            socket.routing_id = name
        socket.connect(f"tcp://127.0.0.1:{port}")
    alice, bob, seen = sockets
    # Until both are there: what cannot be routed yet is dropped.
    while not bob.poll(50):
        alice.send_multipart([b"bob", b"question"])
    assert bob.recv_multipart() == [b"alice", b"question"]
    bob.send_multipart([b"alice", b"answer"])
    assert alice.recv_multipart() == [b"bob", b"answer"]
    first = seen.recv_multipart()
    assert first == [b"in", b"bob", b"alice", b"question"]
    while (last := seen.recv_multipart()) == first:
        pass
    assert last == [b"out", b"alice", b"bob", b"answer"]
    for socket in sockets:
        socket.close()
    context.term()
    device.join(10)


def test_a_steerable_device_ends_when_it_is_told() -> None:
    with ours.Context() as context:
        device = our_devices.ThreadProxySteerable(ours.ROUTER, ours.DEALER, ours.PUSH, ours.PAIR)
        device.bind_in("inproc://in")
        device.bind_out("inproc://out")
        device.bind_mon("inproc://mon")
        device.bind_ctrl("inproc://control")
        device.setsockopt_ctrl(ours.LINGER, 0)
        launched(device, context)
        control = connected(context, ours.PAIR, "inproc://control")
        control.send(b"STATISTICS")
        assert len(control.recv_multipart()) == 8
        control.send(b"TERMINATE")
        device.join(10)
        assert device.done
        context.socket(ours.DEALER).bind("inproc://in")


def test_a_device_in_a_process() -> None:
    with ours.Context() as context:
        back, workers_at = bound(context, ours.REP)
        device = our_devices.ProcessDevice(ours.QUEUE, ours.ROUTER, ours.DEALER)
        port = device.bind_in_to_random_port("tcp://127.0.0.1")
        device.connect_out(workers_at)
        device.start()
        client = connected(context, ours.REQ, f"tcp://127.0.0.1:{port}")
        client.send(b"question")
        back.rcvtimeo = 10_000
        assert back.recv() == b"question"
        back.send(b"answer")
        assert client.recv() == b"answer"
        device.launcher.terminate()
        device.join(10)
        assert not device.launcher.is_alive()


def test_a_device_that_cannot_begin_says_why_and_is_done() -> None:
    with ours.Context() as context:
        device = our_devices.Device(ours.QUEUE, ours.ROUTER, ours.DEALER)
        device.context_factory = lambda: context
        device.bind_in("nonsense")
        with pytest.raises(ours.EndpointError):
            device.start()
        assert device.done
        device.join()
        waiting = our_devices.ThreadDevice(ours.QUEUE, ours.ROUTER, ours.DEALER)
        with pytest.raises(RuntimeError, match="start"):
            waiting.join()
        fresh = our_devices.Device(ours.QUEUE, ours.ROUTER, ours.DEALER)
        fresh.join(0.01)
        assert not fresh.done
