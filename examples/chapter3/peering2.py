"""Brokers that give each other work: the local flow and the cloud flow.

    python examples/chapter3/peering2.py DC1 DC2     and in another terminal
    python examples/chapter3/peering2.py DC2 DC1

Each broker has clients and workers of its own, and gives a share of its clients' tasks to another
broker, over ROUTER sockets on both sides that know each other by name. A task from the cloud goes
to a local worker, never further. Now kill one broker: the clients of the other one stop, one by
one, as each has a task given to the dead one, and a REQ waits for its reply for ever. The trace
stops.

``--reliable`` is the cure: a task that was given away is kept until its reply comes, and taken back
when its broker is not connected any more; heartbeats see to it that a broker that hangs counts as
gone. A task may then be done twice, but no client waits for ever, and none gets two replies.

On the wire between brokers is what the Guide's C program sends, ``[client, "", task]``; its Python
program has one more delimiter in front and cannot talk to that. All sockets are polled at once, not
first backends and then frontends, so that no request waits for a poll to time out.
"""

import argparse
import logging
import random
import time
from collections import deque

from peering import Delegated, Place

from antiphon import Actor, Message, Pipe, dump, zmq

READY = Message(b"\x01")

log = logging.getLogger("peering2")


def client(pipe: Pipe, endpoint: str, interval: float) -> None:
    """Send tasks and print the replies, until the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        while True:
            Message("HELLO").send(socket)
            print(f"Client: {Message.recv(socket).text()}\n", end="", flush=True)
            pipe.poll(1000 * interval)


def worker(pipe: Pipe, endpoint: str) -> None:
    """Do tasks until the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        READY.send(socket)
        while True:
            message = Message.recv(socket)
            log.debug("Worker: %s", dump([message[-1]]))
            message[-1] = "OK"
            message.send(socket)


class Broker:
    """Four sockets, the idle workers, and in reliable mode the tasks that were given away."""

    def __init__(
        self, context: zmq.Context, me: Place, peers: list[Place], share: float, reliable: bool
    ) -> None:
        self.peers = [peer.id for peer in peers]
        self.share = share
        self.idle: deque[bytes] = deque()
        #: What others have of our tasks, in reliable mode, and what they will not do any more.
        self.delegated = Delegated() if reliable else None
        self.returned: deque[Message] = deque()
        self.localfe = context.socket(zmq.ROUTER)
        self.localbe = context.socket(zmq.ROUTER)
        self.cloudfe = context.socket(zmq.ROUTER, identity=me.id)
        self.cloudbe = context.socket(zmq.ROUTER, identity=me.id)
        if reliable:
            self.cloudbe.router_mandatory = True
            self.cloudbe.heartbeat_ivl = 500
        self.localfe.bind(me.endpoint("localfe"))
        self.localbe.bind(me.endpoint("localbe"))
        self.cloudfe.bind(me.endpoint("cloud"))
        for peer in peers:
            print(f"I: connecting to cloud frontend at '{peer.name}'", flush=True)
            self.cloudbe.connect(peer.endpoint("cloud"))

    def run(self, seconds: float) -> None:
        """Route tasks and replies, for some seconds or for ever (0)."""
        end = time.monotonic() + (seconds or float("inf"))
        while time.monotonic() < end:
            poller = zmq.Poller()
            poller.register(self.localbe, zmq.POLLIN)
            poller.register(self.cloudbe, zmq.POLLIN)
            if self.idle:
                poller.register(self.cloudfe, zmq.POLLIN)
                poller.register(self.localfe, zmq.POLLIN)
            ready = dict(poller.poll(200))
            if self.localbe in ready:
                self.from_worker(Message.recv(self.localbe))
            if self.cloudbe in ready:
                self.from_cloud(Message.recv(self.cloudbe))
            self.take_back()
            while self.give_task():
                pass

    def from_worker(self, message: Message) -> None:
        """Note that a worker is idle, and pass on its reply to a broker or a client."""
        self.idle.append(message.unwrap())
        if message != READY:
            message.send(self.cloudfe if message[0] in self.peers else self.localfe)

    def from_cloud(self, message: Message) -> None:
        """Pass on another broker's reply to the client."""
        message.pop()
        if self.delegated is None or self.delegated.answered(message):
            message.send(self.localfe)

    def give_task(self) -> bool:
        """Give one task to a worker or to the cloud; returns whether that was possible."""
        if not self.idle:
            return False
        if self.returned:
            self.to_worker(self.returned.popleft())
        elif self.cloudfe.poll(0):
            self.to_worker(Message.recv(self.cloudfe))
        elif self.localfe.poll(0):
            message = Message.recv(self.localfe)
            if not self.peers or random.random() >= self.share:
                self.to_worker(message)
            else:
                self.to_cloud(random.choice(self.peers), message)
        else:
            return False
        return True

    def to_worker(self, message: Message) -> None:
        """Give a task to the worker that has been idle for longest."""
        message.wrap(self.idle.popleft())
        message.send(self.localbe)

    def to_cloud(self, peer: bytes, message: Message) -> None:
        """Give a task to another broker."""
        if self.delegated is not None:
            message = self.delegated.give(peer, message)
        message.push(peer)
        try:
            message.send(self.cloudbe)
        except zmq.HostUnreachable:
            # Only in reliable mode. Now, not later: it may be there when we look.
            if self.delegated:
                self.returned.extend(self.delegated.take_back({*self.peers} - {peer}))

    def take_back(self) -> None:
        """Take back the tasks of brokers that have gone."""
        if self.delegated:
            peers = self.cloudbe.peers()
            there = {peer.routing_id for peer in peers if peer.connected}
            self.returned.extend(self.delegated.take_back(there))


def run(args: argparse.Namespace) -> None:
    """Start a broker with its clients and workers."""
    me, *peers = map(Place, args.names)
    print(f"I: preparing broker at {me.name}...", flush=True)
    with zmq.Context() as context:
        context.linger = 0
        broker = Broker(context, me, peers, args.share, args.reliable)
        try:
            input("Press Enter when all brokers are started: ")
        except EOFError:
            raise SystemExit("E: nobody can press Enter: run it in a terminal") from None
        for _ in range(args.workers):
            Actor(context, worker, me.endpoint("localbe"))
        for _ in range(args.clients):
            Actor(context, client, me.endpoint("localfe"), args.interval)
        broker.run(args.seconds)


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between tasks")
    parser.add_argument("--share", type=float, default=0.2, help="of the tasks, for the cloud")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--reliable", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="log what workers hear")
    args = parser.parse_args()
    if args.verbose:
        logging.basicConfig(format="%(message)s")
        log.setLevel(logging.DEBUG)
    if not args.names:
        print("syntax: peering2 me {you}...")
        return
    try:
        run(args)
    except KeyboardInterrupt:
        print("Interrupted")


if __name__ == "__main__":
    main()
