"""Pickle: refused until the program says that it trusts its peers."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

import antiphon.zmq as zmq
import antiphon.zmq.asyncio as aio


def make_pair(context: Any, **options: Any) -> tuple[Any, Any]:
    a, b = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    a.bind("inproc://objects")
    b.connect("inproc://objects")
    for name, value in options.items():
        setattr(a, name, value)
    return a, b


class Trusting(zmq.Socket):
    """A socket of a program whose peers are all trusted."""

    allow_pickle = True


def test_pickle_is_refused_with_the_way_to_allow_it() -> None:
    with zmq.Context() as context:
        a, b = make_pair(context)
        with pytest.raises(
            TypeError, match=r"code chosen by whoever connects.*allow_pickle = True"
        ):
            a.send_pyobj({})
        b.send(b"not looked at")
        with pytest.raises(TypeError, match=r"recv_pyobj.*recv_json"):
            a.recv_pyobj()
        assert a.recv() == b"not looked at"


@pytest.mark.parametrize("where", ["socket", "class", "context"])
def test_pickle_is_allowed_where_the_program_says_so(where: str) -> None:
    with zmq.Context() as context:
        kind = Trusting if where == "class" else zmq.Socket
        context.allow_pickle = where == "context"
        a, b = context.socket(zmq.DEALER, kind), context.socket(zmq.DEALER, kind)
        a.bind("inproc://objects")
        b.connect("inproc://objects")
        if where == "socket":
            a.allow_pickle = b.allow_pickle = True
        a.send_pyobj({"numbers": {1, 2}}, protocol=4)
        assert b.recv_pyobj() == {"numbers": {1, 2}}
        tracker = b.send_pyobj(None, copy=False)
        assert tracker is not None
        assert a.recv_pyobj() is None


def test_asyncio_sockets_ask_too() -> None:
    async def program() -> None:
        with aio.Context() as context:
            a, b = make_pair(context)
            with pytest.raises(TypeError, match="allow_pickle"):
                await a.send_pyobj(1)
            with pytest.raises(TypeError, match="allow_pickle"):
                await a.recv_pyobj()
            context.allow_pickle = True
            await a.send_pyobj({1, 2})
            assert await b.recv_pyobj() == {1, 2}

    asyncio.run(program())


def test_pickle_is_not_loaded_before_it_is_allowed() -> None:
    code = """
import sys
import antiphon.zmq as zmq, antiphon.zmq.asyncio
with zmq.Context() as context:
    socket = context.socket(zmq.DEALER)
    try:
        socket.send_pyobj(1)
    except TypeError:
        assert "pickle" not in sys.modules
    socket.allow_pickle = True
    try:
        socket.send_pyobj(1, zmq.DONTWAIT)
    except zmq.Again:
        assert "pickle" in sys.modules
        print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"done\n"
