"""ipc: paths taken over or refused (N25), abstract names, paths of one's own."""

import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import antiphon.zmq as zmq
from antiphon.errors import EndpointError


def talk(server: zmq.Socket, client: zmq.Socket) -> None:
    client.send(b"question")
    assert server.recv() == b"question"
    server.send(b"answer")
    assert client.recv() == b"answer"


@pytest.mark.parametrize("kind", ["path", "abstract", "any"])
def test_every_kind_of_name(context: zmq.Context, tmp_path: Path, kind: str) -> None:
    endpoint = {"path": f"ipc://{tmp_path}/s", "abstract": "ipc://@antiphon-test", "any": "ipc://*"}
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    server.bind(endpoint[kind])
    client.connect(server.last_endpoint)
    talk(server, client)
    path = Path(server.last_endpoint.decode().removeprefix("ipc://"))
    server.close()
    client.close()
    assert not path.exists()


def test_a_path_that_a_dead_process_left_is_taken_over(
    context: zmq.Context, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    program = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert path.exists()
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    server.bind(f"ipc://{path}")
    client.connect(f"ipc://{path}")
    talk(server, client)


def test_a_path_that_lives_is_refused_and_goes_on(context: zmq.Context, tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s"
    first, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    first.bind(endpoint)
    with pytest.raises(EndpointError, match="a live process listens there") as info:
        context.socket(zmq.REP).bind(endpoint)
    assert info.value.errno == errno.EADDRINUSE
    client.connect(endpoint)
    talk(first, client)


def test_a_file_that_is_no_socket_stays(context: zmq.Context, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(EndpointError, match="no socket"):
        context.socket(zmq.REP).bind(f"ipc://{path}")
    assert path.read_text() == "data"


def test_a_folder_that_is_not_there_says_so(context: zmq.Context, tmp_path: Path) -> None:
    with pytest.raises(EndpointError) as info:
        context.socket(zmq.REP).bind(f"ipc://{tmp_path}/none/s")
    assert info.value.errno == errno.ENOENT


def test_a_server_that_comes_late_is_found(context: zmq.Context, tmp_path: Path) -> None:
    client = context.socket(zmq.REQ, reconnect_ivl=5)
    client.connect(f"ipc://{tmp_path}/s")
    while not client.stats().failures:
        client.poll(5)
    server = context.socket(zmq.REP)
    server.bind(f"ipc://{tmp_path}/s")
    talk(server, client)


def test_an_abstract_name_belongs_to_one(context: zmq.Context) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("\0antiphon-taken")
        with pytest.raises(EndpointError) as info:
            context.socket(zmq.REP).bind("ipc://@antiphon-taken")
        assert info.value.errno == errno.EADDRINUSE
