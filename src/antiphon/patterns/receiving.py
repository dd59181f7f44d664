"""Taking what peers send, from each in turn: what all socket types share that receive."""

from antiphon.options import SocketOptions
from antiphon.patterns.base import QUEUE_FULL, Pattern
from antiphon.patterns.pipe import Pipe, message_size
from antiphon.patterns.schedule import FairQueue
from antiphon.queue import MessageQueue

__all__ = ("Receiving",)


class Receiving(Pattern):
    """A pattern that fair-queues in; by itself it never sends."""

    def __init__(self, options: SocketOptions) -> None:
        super().__init__(options)
        self.fair_queue = FairQueue()

    def try_recv(self) -> list[bytes] | None:
        """Return the next message or None, from each peer in turn (R28.14, R28.30, R28.38)."""
        return self.fair_queue.take()

    def last_sender(self) -> Pipe | None:
        """Return the peer that the last message came from; None once it has gone."""
        return self.fair_queue.last

    def can_recv(self) -> bool:
        """Tell whether a message waits."""
        return len(self.fair_queue) > 0

    def attach(self, pipe: Pipe) -> str:
        """Take in a peer."""
        pipe.attached = True
        if pipe.inbound:
            self.fair_queue.activate(pipe)
        self.changed()
        return ""

    def detach(self, pipe: Pipe) -> None:
        """Forget a peer and destroy its queues (R28.24, R28.34)."""
        pipe.attached = False
        self.fair_queue.remove(pipe)
        self.drop_queues(pipe)

    def has_room_for_departed(self) -> bool:
        """Tell whether what waits from peers that have gone is less than one may have waiting."""
        messages = size = 0
        for pipe in self.fair_queue:
            if pipe.retired:
                messages += pipe.waiting()
                size += sum(map(message_size, pipe.inbound))
        limit = self.options.rcvhwm
        return size < self.options.rcvhwm_bytes and (limit == 0 or messages < limit)

    def deliver(self, pipe: Pipe, messages: MessageQueue) -> None:
        """Queue what a peer sent."""
        pipe.put_inbound(messages)
        if not pipe.in_fair_queue:
            self.fair_queue.activate(pipe)
        if self.watcher is not None:
            self.watcher.socket_changed()

    def tell(self, pipe: Pipe, body: bytes) -> None:
        """Add a message for the application to those of a peer."""
        if not pipe.put_notice([body]):
            self.drop(QUEUE_FULL, [body])
            return
        self.fair_queue.activate(pipe)
        self.changed()
