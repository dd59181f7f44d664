"""Brokers that give each other work when they have too much: all flows together.

    python examples/chapter3/peering3.py DC1 DC2     and in another terminal
    python examples/chapter3/peering3.py DC2 DC1

Clients send bursts of tasks; a task goes to a local worker if one is idle, else to a broker that
says it has room. Tasks from the cloud are taken only while a worker is idle, and so never go
further. A broker says how many of its workers are idle whenever that has changed. A monitor prints
each task that is done and each that a client has given up; at the end there is a report.

Plain, it does as the chapter does: one number for the room in the whole cloud, whoever said it, and
any broker chosen at random; who subscribes late hears nothing until a number changes. A broker that
dies takes the tasks that it has with it, and its clients elsewhere give up. ``--reliable`` keeps a
number for each broker, which counts down with each task given and expires; brokers repeat theirs;
and tasks of brokers that have gone are done by others.

Like the C program, and unlike the Python one, local clients come first, READY is one byte and
never looked for in a task, and worker replies and cloud replies are both read in one pass: each is
routed on its own, so that none overwrites the other.
"""

import argparse
import random
import time
from collections import Counter

import peering2
from peering import Capacity, LastHeard, PerPeer, Place

from antiphon import Actor, Message, Pipe, zmq


def client(pipe: Pipe, me: Place, pause: float, patience: float) -> None:
    """Send bursts of tasks and report each reply, until one is lost or the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket, pipe.context.socket(zmq.PUSH) as monitor:
        socket.connect(me.endpoint("localfe"))
        monitor.connect(me.endpoint("monitor"))
        while True:
            pipe.poll(1000 * random.uniform(0, pause))
            for _ in range(random.randrange(15)):
                task = f"{random.randrange(0x10000):04X}"
                Message(task).send(socket)
                if not socket.poll(1000 * patience):
                    Message(f"E: CLIENT EXIT - lost task {task}").send(monitor)
                    return
                assert Message.recv(socket) == Message(task)
                Message(task).send(monitor)


def worker(pipe: Pipe, me: Place, work: float) -> None:
    """Give tasks back as they are, at once or after a while, until the context ends."""
    pipe.ready()
    with pipe.context.socket(zmq.REQ) as socket:
        socket.connect(me.endpoint("localbe"))
        peering2.READY.send(socket)
        while True:
            message = Message.recv(socket)
            pipe.poll(1000 * work * random.randrange(2))
            message.send(socket)


class Broker(peering2.Broker):
    """The broker of peering2, with the state flow and a monitor; clients give way to no share."""

    def __init__(
        self, context: zmq.Context, me: Place, peers: list[Place], reliable: bool, expiry: float
    ) -> None:
        super().__init__(context, me, peers, 0.0, reliable)
        self.me = me.id
        self.capacity: Capacity = PerPeer(expiry) if reliable else LastHeard()
        #: How often what has not changed is said again, in seconds.
        self.repeat = expiry / 3 if reliable else float("inf")
        self.said = (0, time.monotonic())
        #: What became of tasks.
        self.counts: Counter[str] = Counter()
        self.statebe = context.socket(zmq.PUB)
        self.statefe = context.socket(zmq.SUB)
        self.monitor = context.socket(zmq.PULL)
        self.statebe.bind(me.endpoint("state"))
        self.monitor.bind(me.endpoint("monitor"))
        self.statefe.subscribe(b"")
        for peer in peers:
            print(f"I: connecting to state backend at '{peer.name}'", flush=True)
            self.statefe.connect(peer.endpoint("state"))

    def run(self, seconds: float) -> None:
        """Route tasks and replies, for some seconds or for ever (0)."""
        end = time.monotonic() + (seconds or float("inf"))
        while time.monotonic() < end:
            poller = zmq.Poller()
            for socket in (self.localbe, self.cloudbe, self.statefe, self.monitor):
                poller.register(socket, zmq.POLLIN)
            if self.idle or self.choose():
                poller.register(self.localfe, zmq.POLLIN)
            if self.idle:
                poller.register(self.cloudfe, zmq.POLLIN)
            ready = dict(poller.poll(100))
            if self.localbe in ready:
                self.from_worker(Message.recv(self.localbe))
            if self.cloudbe in ready:
                self.from_cloud(Message.recv(self.cloudbe))
            if self.statefe in ready:
                peer, free = self.statefe.recv_multipart()
                self.capacity.heard(peer, int(free), time.monotonic())
            if self.monitor in ready:
                self.show(Message.recv(self.monitor).text())
            self.take_back()
            while self.give_task():
                pass
            self.tell()

    def choose(self) -> bytes | None:
        """Return a broker that should have room, or None."""
        return self.capacity.choose(self.peers, time.monotonic())

    def give_task(self) -> bool:
        """Give one task to a worker, or else to the cloud; returns whether that was possible."""
        peer = None if self.idle else self.choose()
        if not self.idle and peer is None:
            return False
        if self.returned:
            message = self.returned.popleft()
            self.counts["taken back"] += 1
        elif self.localfe.poll(0):
            message = Message.recv(self.localfe)
        elif self.idle and self.cloudfe.poll(0):
            message = Message.recv(self.cloudfe)
            self.counts["done for others"] += 1
        else:
            return False
        if peer is None:
            self.to_worker(message)
        else:
            self.capacity.given(peer)
            self.counts["given away"] += 1
            self.to_cloud(peer, message)
        return True

    def tell(self) -> None:
        """Tell the others how many workers are idle, if that has changed or is long ago."""
        now = time.monotonic()
        free, when = self.said
        if free != len(self.idle) or now - when >= self.repeat:
            self.said = (len(self.idle), now)
            self.statebe.send_multipart([self.me, b"%d" % len(self.idle)])

    def show(self, text: str) -> None:
        """Print what a client says, and count it."""
        print(text, flush=True)
        self.counts["lost" if text.startswith("E: ") else "done"] += 1

    def report(self) -> str:
        """Return what became of all tasks."""
        whats = ("done", "lost", "given away", "taken back", "done for others")
        return "I: tasks " + ", ".join(f"{what}: {self.counts[what]}" for what in whats)


def run(args: argparse.Namespace) -> None:
    """Start a broker with its clients and workers."""
    me, *peers = map(Place, args.names)
    print(f"I: preparing broker at {me.name}...", flush=True)
    with zmq.Context() as context:
        context.linger = 0
        broker = Broker(context, me, peers, args.reliable, args.expiry)
        for _ in range(args.workers):
            Actor(context, worker, me, args.work)
        for _ in range(args.clients):
            Actor(context, client, me, args.pause, args.patience)
        try:
            broker.run(args.seconds)
        finally:
            print(broker.report())


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--pause", type=float, default=4.0, help="seconds between bursts, at most")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds to wait for a reply")
    parser.add_argument("--work", type=float, default=1.0, help="seconds that half the tasks take")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--reliable", action="store_true")
    parser.add_argument("--expiry", type=float, default=1.0, help="seconds that numbers count")
    args = parser.parse_args()
    if not args.names:
        print("syntax: peering3 me {you}...")
        return
    try:
        run(args)
    except KeyboardInterrupt:
        print("Interrupted")


if __name__ == "__main__":
    main()
