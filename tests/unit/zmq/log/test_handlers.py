"""Logging over PUB: topics and texts as pyzmq sends them, and what it does not take."""

import importlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest

import antiphon.zmq as ours
from antiphon.zmq.log import handlers as our_handlers


@pytest.fixture
def handlers(either: Any) -> Any:
    """Give zmq.log.handlers of pyzmq, then of Antiphon."""
    return our_handlers if either is ours else importlib.import_module("zmq.log.handlers")


class Published:
    """A handler, a logger that uses it, and who subscribes to it."""

    def __init__(self, zmq: Any, context: Any, handlers: Any, **options: Any) -> None:
        publisher = context.socket(zmq.PUB)
        publisher.bind("inproc://log")
        self.subscriber = context.socket(zmq.SUB)
        self.subscriber.connect("inproc://log")
        self.subscriber.subscribe(b"")
        self.handler = handlers.PUBHandler(publisher, **options)
        self.publisher = publisher
        self.logger = logging.Logger("test", 1)  # noqa: LOG001
        self.topics = handlers.TopicLogger("test", 1)
        self.logger.addHandler(self.handler)
        self.topics.addHandler(self.handler)

    def next(self) -> tuple[str, str]:
        topic, text = self.subscriber.recv_multipart()
        return topic.decode(), text.decode()


@pytest.fixture
def published(either: Any, either_context: Any, handlers: Any) -> Iterator[Published]:
    made = Published(either, either_context, handlers, root_topic="root")
    made.publisher.rcvtimeo = 10_000
    yield made
    made.publisher.close()


def test_the_topic_is_root_level_subtopic(published: Published) -> None:
    published.logger.info("hi")
    assert published.next() == ("root.INFO", "hi\n")
    published.logger.info("sub::hi")
    assert published.next() == ("root.INFO.sub", "hi\n")
    published.logger.info("a::b::hi")
    assert published.next() == ("root.INFO.a", "b::hi\n")
    published.logger.info("::hi")
    assert published.next() == ("root.INFO", "hi\n")
    published.logger.info("sub::%s %d", "\xe9", 3)
    assert published.next() == ("root.INFO.sub", "\xe9 3\n")
    published.logger.info(3)
    assert published.next() == ("root.INFO", "3\n")


def test_the_root_topic_changes(published: Published) -> None:
    handler = published.handler
    handler.root_topic = "other"
    published.logger.info("sub::hi")
    assert published.next() == ("other.INFO.sub", "hi\n")
    handler.setRootTopic(b"bytes")
    assert handler.root_topic == "bytes"
    handler.setRootTopic("")
    published.logger.info("sub::hi")
    assert published.next() == ("INFO.sub", "hi\n")


def test_levels_have_formats(published: Published) -> None:
    for level in ("DEBUG", "WARNING", "CRITICAL"):
        published.logger.log(getattr(logging, level), "hi")
        topic, text = published.next()
        assert topic == f"root.{level}"
        assert text.startswith(f"{level} test_handlers.py:")
        assert text.endswith(" - hi\n")
    published.logger.error("hi")
    assert published.next()[1].endswith(" - hi - None\n")
    try:
        raise LookupError("gone")
    except LookupError:
        published.logger.exception("hi")
    assert published.next()[1].endswith("\nLookupError: gone")


def test_formats_are_set_for_one_level_or_all(published: Published) -> None:
    handler = published.handler
    handler.setFormatter(logging.Formatter("all %(message)s"))
    handler.setFormatter(logging.Formatter("info %(message)s"), logging.INFO)
    published.logger.info("hi")
    assert published.next() == ("root.INFO", "info hi")
    published.logger.error("hi")
    assert published.next() == ("root.ERROR", "all hi")


def test_the_default_formats_are_the_same() -> None:
    theirs = importlib.import_module("zmq.log.handlers")
    zmq = importlib.import_module("zmq")
    with (
        zmq.Context() as their_context,
        their_context.socket(zmq.PUB) as their_socket,
        ours.Context() as our_context,
    ):
        their_handler = theirs.PUBHandler(their_socket)
        our_handler = our_handlers.PUBHandler(our_context.socket(ours.PUB))
        assert our_handlers.TOPIC_DELIM == theirs.TOPIC_DELIM
        assert {level: made._fmt for level, made in our_handler.formatters.items() if made} == {
            level: made._fmt for level, made in their_handler.formatters.items()
        }


def test_an_endpoint_is_bound(either: Any, either_context: Any, handlers: Any) -> None:
    handler = handlers.PUBHandler("inproc://bound", either_context)
    assert handler.ctx is either_context
    assert handler.socket.last_endpoint.rstrip(b"\0") == b"inproc://bound"
    handler.socket.close()
    handler = handlers.PUBHandler("inproc://bound")
    assert isinstance(handler.ctx, either.Context)
    assert handler.ctx is not either_context
    handler.ctx.destroy(0)


def test_a_topic_logger_takes_topics(published: Published) -> None:
    published.topics.log(logging.INFO, "sub", "%s!", "hi")
    assert published.next() == ("root.INFO.sub", "hi!\n")


# What pyzmq does not do.


@pytest.fixture
def own() -> Iterator[Published]:
    with ours.Context() as context:
        context.rcvtimeo = 10_000
        yield Published(ours, context, our_handlers, root_topic="root")


def test_levels_in_between_are_written_as_the_next_lower_one(own: Published) -> None:
    own.logger.log(25, "hi")
    assert own.next() == ("root.Level 25", "hi\n")
    own.logger.log(60, "hi")
    assert own.next()[1].startswith("Level 60 test_handlers.py:")
    own.logger.log(5, "hi")
    assert own.next()[1].startswith("Level 5 test_handlers.py:")


def test_no_format_is_the_bare_message(own: Published) -> None:
    own.handler.setFormatter(None)
    own.logger.warning("hi")
    assert own.next() == ("root.WARNING", "hi")


def test_other_handlers_see_the_message_as_it_was(own: Published) -> None:
    seen = []
    other = logging.Handler()
    other.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    own.logger.addHandler(other)
    own.logger.info("sub::%s", "hi")
    assert own.next() == ("root.INFO.sub", "hi\n")
    assert seen == ["sub::hi"]


@pytest.mark.parametrize(
    "level", ["debug", "info", "warning", "warn", "error", "critical", "fatal"]
)
def test_every_method_of_a_topic_logger(own: Published, level: str) -> None:
    own.handler.setFormatter(logging.Formatter("%(filename)s %(funcName)s %(message)s"))
    getattr(own.topics, level)("sub", "%s!", "hi")
    name = {"warn": "WARNING", "fatal": "CRITICAL"}.get(level, level.upper())
    text = "test_handlers.py test_every_method_of_a_topic_logger hi!"
    assert own.next() == (f"root.{name}.sub", text)


def test_a_topic_logger_shows_exceptions(own: Published) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        own.topics.exception("sub", "hi")
    topic, text = own.next()
    assert topic == "root.ERROR.sub"
    assert text.endswith("\nLookupError: gone")


def test_what_is_no_socket_is_refused() -> None:
    make: Any = our_handlers.PUBHandler
    with pytest.raises(TypeError):
        make(3)


def test_a_closed_socket_is_a_logging_error(
    own: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    own.publisher.close()
    own.logger.info("hi")
    assert "SocketClosed" in capsys.readouterr().err


def test_a_subclass_may_work_the_root_topic_out() -> None:
    class Engine(our_handlers.PUBHandler):
        @property  # type: ignore[misc]
        def root_topic(self) -> str:
            return "engine.7"

    with ours.Context() as context:
        assert Engine(context.socket(ours.PUB)).root_topic == "engine.7"
