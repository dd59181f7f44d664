"""Asks the program's own handler whether a peer is welcome (RFC 27).

The handler is a REP or ROUTER of the same context, bound to inproc://zeromq.zap.01. Each question
goes by a connection of its own, so that any number may be pending and each reply, right or wrong,
belongs to one of them. Whatever is not a clear "200" refuses the peer.
"""

from typing import TYPE_CHECKING, Final

from antiphon.engine.link import Inquiry, Link
from antiphon.engine.peer import peer_host
from antiphon.errors import EndpointError, ProtocolError
from antiphon.options import SocketOptions
from antiphon.patterns.base import Pattern
from antiphon.patterns.pipe import Pipe
from antiphon.queue import MessageQueue
from antiphon.wire.command import decode_metadata
from antiphon.wire.mechanism import Question, Verdict

if TYPE_CHECKING:
    from antiphon.engine.exchange import Attachment
    from antiphon.engine.socket import SocketCore

__all__ = ("ZAP_ENDPOINT", "Inquiries", "decide")

ZAP_ENDPOINT: Final = "inproc://zeromq.zap.01"
_VERSION: Final = b"1.0"
#: A reply: delimiter, version, request id, status, text, user id, metadata (A3).
_REPLY_FRAMES: Final = 7
_STATUSES: Final = (b"200", b"300", b"400", b"500")
_REASONS: Final = {b"300": "zap-300", b"400": "zap-400", b"500": "zap-500"}
_MAX_USER_ID: Final = 255


def decide(reply: list[bytes], request_id: bytes) -> Verdict:
    """Return what a handler's reply says: the one place where a peer is let in.

    It lets in only for a well-formed reply to this request with the status 200. The reasons for
    refusing are ``zap-malformed-reply``, ``zap-bad-version``, ``zap-bad-request-id``,
    ``zap-invalid-status``, ``zap-invalid-metadata``, and ``zap-300``, ``zap-400`` and ``zap-500``.
    """
    if len(reply) != _REPLY_FRAMES or reply[0]:
        return _refusal("zap-malformed-reply", "the ZAP handler's reply has wrong frames")
    version, its_id, status, text, user_id = reply[1:6]
    if version != _VERSION:
        return _refusal("zap-bad-version", f"the ZAP handler's version is {version[:16]!r}")
    if its_id != request_id:
        return _refusal("zap-bad-request-id", "the ZAP handler has answered another request")
    if status not in _STATUSES:
        return _refusal("zap-invalid-status", f"the ZAP handler's status is {status[:16]!r}")
    if status != b"200":
        return _refusal(_REASONS[status], f"the ZAP handler says {text[:128]!r}")
    if len(user_id) > _MAX_USER_ID:
        return _refusal("zap-malformed-reply", "the ZAP handler's user id is too long")
    try:
        metadata = decode_metadata(reply[6])
    except ProtocolError as error:
        return _refusal("zap-invalid-metadata", f"the ZAP handler's metadata: {error.detail}")
    return Verdict(None, user_id, metadata)


def _refusal(reason: str, detail: str) -> Verdict:
    return Verdict(ProtocolError(reason, detail), b"", {})


class _Inquiry(Inquiry):
    """A question on its way."""

    def __init__(self, inquiries: "Inquiries", link: Link, request_id: bytes) -> None:
        self.inquiries = inquiries
        self.link = link
        self.request_id = request_id
        self.attachment: Attachment | None = None
        self.pipe: Pipe | None = None

    def cancel(self) -> None:
        if self.pipe is not None:
            self.inquiries.withdraw(self.pipe)


class Inquiries(Pattern):
    """The questions of one socket that wait for their answers.

    It is the pattern of an internal socket, whose pipes are the questions.
    """

    def __init__(self) -> None:
        options = SocketOptions()
        # A pipe is attached only while there is a handler at its other end.
        options.immediate = True
        super().__init__(options)
        self._pending: dict[Pipe, _Inquiry] = {}
        self._asked = 0

    def ask(
        self, core: "SocketCore", link: Link, question: Question, options: SocketOptions
    ) -> Verdict | None:
        """Put a link's question; ``core`` is the internal socket.

        Returns the verdict if it is clear at once. Otherwise the link is told later.
        """
        exchange = core.network.exchange
        if not exchange.is_bound(ZAP_ENDPOINT):
            return _without_handler(question, options, exchange.guarded)
        self._asked += 1
        request_id = str(self._asked).encode("ascii")
        inquiry = _Inquiry(self, link, request_id)
        try:
            inquiry.attachment = exchange.connect(ZAP_ENDPOINT, core, self.options)
        except EndpointError as error:
            return _refusal("zap-no-handler", str(error))
        pipe = inquiry.attachment.pipes()[0]
        if not pipe.attached:
            inquiry.attachment.close()
            return _refusal("zap-no-handler", "the ZAP handler refuses to be asked")
        inquiry.pipe = pipe
        self._pending[pipe] = inquiry
        link.inquiry = inquiry
        pipe.push(
            [
                b"",
                _VERSION,
                request_id,
                options.zap_domain,
                peer_host(link.stream.peer_address).encode(),
                options.routing_id,
                question.mechanism,
                *question.credentials,
            ]
        )
        return None

    def withdraw(self, pipe: Pipe) -> Link | None:
        """Forget a question; returns who asked, if nobody has forgotten it before."""
        inquiry = self._pending.pop(pipe, None)
        if inquiry is None:
            return None
        if inquiry.attachment is not None:
            # Unread, it would wait in the handler's queue, which strangers could fill.
            inquiry.attachment.revoke()
        return inquiry.link

    # From the connections to the handler.

    def attach(self, pipe: Pipe) -> str:
        """Take note that the handler is there."""
        pipe.attached = True
        return ""

    def detach(self, pipe: Pipe) -> None:
        """Refuse the peer: the handler has gone without an answer."""
        pipe.attached = False
        pipe.clear()
        link = self.withdraw(pipe)
        if link is not None:
            link.judged(_refusal("zap-handler-gone", "the ZAP handler has gone without an answer"))

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Take the handler's reply; whatever else it says is of no interest."""
        reply = messages.oldest()
        messages.clear()
        inquiry = self._pending.get(pipe)
        if inquiry is not None:
            verdict = decide(reply, inquiry.request_id)
            self.withdraw(pipe)
            inquiry.link.judged(verdict)

    def writable(self, pipe: Pipe) -> None:
        """Nothing waits for room: a question is one message."""


def _without_handler(question: Question, options: SocketOptions, guarded: bool) -> Verdict:
    """Return the verdict where no handler is bound (2.7).

    PLAIN needs one. NULL and CURVE go without ("Stonehouse"), unless ZAP_ENFORCE_DOMAIN is set, or
    the context has had a handler before: its end must not open the doors.
    """
    if guarded:
        return _refusal("zap-no-handler", "the context's ZAP handler has gone")
    if question.mechanism == b"PLAIN" or options.zap_enforce_domain:
        return _refusal("zap-no-handler", f"no ZAP handler is bound to {ZAP_ENDPOINT}")
    return Verdict(None, b"", {})
