"""The decorators @context and @socket: every form of their arguments, side by side with pyzmq."""

# mypy: disable-error-code="untyped-decorator"

import importlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest

import antiphon.zmq as ours
import antiphon.zmq.asyncio as aio
from antiphon.zmq import decorators

#: pyzmq's sockets warn when they are forgotten; Antiphon's close.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")


@pytest.fixture
def give(either: Any) -> Any:
    """Give the decorators of pyzmq, then of Antiphon."""
    return decorators if either is ours else importlib.import_module("zmq.decorators")


def collect(*args: Any, **kwargs: Any) -> SimpleNamespace:
    """Return what a decorated function has been given."""
    return SimpleNamespace(args=args, kwargs=kwargs)


# @context


def test_a_context_follows_the_arguments_and_ends_with_the_call(either: Any, give: Any) -> None:
    seen = []

    @give.context()
    def use(first: object, context: Any, *, last: object) -> object:
        assert isinstance(context, either.Context)
        assert not context.closed
        seen.append(context)
        return first, last

    assert use(1, last=2) == (1, 2)
    assert use(3, last=4) == (3, 4)
    assert seen[0] is not seen[1]
    assert all(context.closed for context in seen)


def test_it_ends_when_the_function_raises(give: Any) -> None:
    seen = []

    @give.context()
    def fail(context: Any) -> None:
        seen.append(context)
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert seen[0].closed


@pytest.mark.parametrize(
    ("args", "kwargs"), [(("ctx",), {}), ((), {"name": "ctx"})], ids=["first", "name"]
)
def test_a_context_has_a_name(either: Any, give: Any, args: Any, kwargs: Any) -> None:
    given = give.context(*args, **kwargs)(collect)(1, other=2)
    assert (given.args, set(given.kwargs)) == ((1,), {"ctx", "other"})
    assert isinstance(given.kwargs["ctx"], either.Context)


@pytest.mark.parametrize(
    ("args", "kwargs"), [((4,), {}), (("ctx", 4), {}), ((), {"io_threads": 4})]
)
def test_a_context_has_arguments(either: Any, give: Any, args: Any, kwargs: Any) -> None:
    @give.context(*args, **kwargs)
    def use(ctx: Any) -> int:
        return int(ctx.get(either.IO_THREADS))

    assert use() == 4


def test_wrong_arguments_of_a_context_are_found_by_the_call(give: Any) -> None:
    wrong: list[Any] = [(("one", "two"), {}), (("one",), {"name": "two"}), ((), {"name": 3})]
    for args, kwargs in wrong:
        decorated = give.context(*args, **kwargs)(collect)
        with pytest.raises(TypeError):
            decorated()


def test_a_name_that_the_call_has_too_is_refused(either: Any, give: Any) -> None:
    with pytest.raises(TypeError, match="ctx"):
        give.context("ctx")(collect)(ctx=1)
    with pytest.raises(TypeError, match="skt"):
        give.socket("skt", either.REQ)(collect)(skt=1)


def test_a_function_keeps_its_name_and_text(give: Any) -> None:
    def documented() -> None:
        """Do it."""

    decorated = give.context()(documented)
    assert (decorated.__name__, decorated.__doc__) == ("documented", "Do it.")
    assert decorated.__wrapped__ is documented


def test_several_contexts(either: Any, give: Any) -> None:
    given = give.context()(give.context("last")(give.context()(collect)))()
    assert len(set(map(id, [*given.args, *given.kwargs.values()]))) == 3
    assert all(isinstance(context, either.Context) for context in given.args)
    assert isinstance(given.kwargs["last"], either.Context)


# @socket


def test_a_socket_ends_with_the_call_and_its_context_does_not(
    either: Any, give: Any, either_context: Any
) -> None:
    seen = []

    @give.socket(either.REQ)
    def use(context: Any, socket: Any) -> None:
        assert not socket.closed
        assert socket.context is context
        seen.append(socket)

    use(either_context)
    assert seen[0].closed
    assert not either_context.closed


@pytest.mark.parametrize("form", ["first", "name"])
def test_a_socket_has_a_name(either: Any, give: Any, either_context: Any, form: str) -> None:
    first = give.socket("skt", either.REQ)
    decorate = first if form == "first" else give.socket(either.REQ, name="skt")
    given = decorate(collect)(either_context)
    assert given.args == (either_context,)
    assert isinstance(given.kwargs["skt"], either.Socket)


def test_its_context_is_one_that_the_call_names(
    either: Any, give: Any, either_context: Any
) -> None:
    other = either.Context()
    decorate = give.socket("skt", either.REQ)
    assert decorate(collect)(other, context=either_context).kwargs["skt"].context is either_context
    assert decorate(collect)(1, other).kwargs["skt"].context is other
    assert decorate(collect)(ctx=other).kwargs["skt"].context is either.Context.instance()
    assert decorate(collect)(context=3).kwargs["skt"].context is either.Context.instance()
    named = give.socket("skt", either.REQ, context_name="ctx")(collect)
    assert named(either_context, ctx=other).kwargs["skt"].context is other
    assert named(context=other).kwargs["skt"].context is either.Context.instance()
    other.destroy(0)
    either.Context.instance().destroy(0)


def test_a_context_of_another_decorator_serves(either: Any, give: Any) -> None:
    for context, socket in [
        (give.context(), give.socket(either.REQ)),
        (give.context("context"), give.socket("skt", either.REQ)),
        (give.context("ctx"), give.socket("skt", either.REQ, context_name="ctx")),
    ]:
        given = context(socket(collect))()
        made = [*given.args, *given.kwargs.values()]
        assert made[-1].context is made[0]
        assert made[0].closed


def test_several_sockets_talk(either: Any, give: Any) -> None:
    @give.context()
    @give.socket(either.REP)
    @give.socket("client", either.REQ)
    def talk(context: Any, server: Any, client: Any) -> bytes:
        client.connect(f"tcp://127.0.0.1:{server.bind_to_random_port('tcp://127.0.0.1')}")
        client.send(b"Hello")
        server.send(server.recv() + b" World")
        return bytes(client.recv())

    assert talk() == b"Hello World"


def test_wrong_arguments_of_a_socket_are_found_by_the_call(
    either: Any, give: Any, either_context: Any
) -> None:
    for args in [(), ("skt",), ("skt", "REQ")]:
        decorated = give.socket(*args)(collect)
        with pytest.raises(TypeError):
            decorated(either_context)
    with pytest.raises(either.ZMQError):
        give.socket(999)(collect)(either_context)


def test_methods_and_context_classes(either: Any, give: Any) -> None:
    class Program:
        @give.context()
        @give.socket(either.REQ)
        def use(self, context: Any, socket: Any) -> bool:
            return socket.context is context

        @classmethod
        @give.context("ctx")
        def make(cls, ctx: Any) -> bool:
            return not ctx.closed

    assert Program().use()
    assert Program.make()


def test_threads_share_a_context_and_have_sockets_of_their_own(either: Any, give: Any) -> None:
    @give.socket(either.REP)
    def serve(address: list[str], bound: threading.Event, context: Any, server: Any) -> None:
        address.append(f"tcp://127.0.0.1:{server.bind_to_random_port('tcp://127.0.0.1')}")
        bound.set()
        server.send(server.recv()[::-1])

    @give.context()
    @give.socket(either.REQ)
    def ask(context: Any, client: Any) -> bytes:
        address: list[str] = []
        bound = threading.Event()
        thread = threading.Thread(target=serve, args=(address, bound, context))
        thread.start()
        assert bound.wait(20)
        client.connect(address[0])
        client.send(b"abc")
        reply = bytes(client.recv())
        thread.join(20)
        return reply

    assert ask() == b"cba"


def test_a_context_of_asyncio_makes_its_own_sockets() -> None:
    with aio.Context() as context:
        given = decorators.socket(ours.REQ)(collect)(context)
        assert isinstance(given.args[1], aio.Socket)
