"""The brokers of peering2 on asyncio: each flow is a coroutine of its own.

    python examples/chapter3/peering2_asyncio.py DC1 DC2     and in another terminal
    python examples/chapter3/peering2_asyncio.py DC2 DC1

It does what ``peering2.py --reliable`` does, and the two can talk to each other. What is different
is who waits for what. There, one loop asks all sockets in turn which of them may be read now. Here
a reply is passed on when it comes, and a task waits in its socket until a worker is idle: idle
workers are a queue, and waiting for one is an ``await``. Clients and workers are coroutines, too,
so that nothing needs a thread. An event tells when a broker has gone; nobody has to press Enter, as
a task for a broker that has not come yet is done here.
"""

import argparse
import asyncio
import logging
import random
from contextlib import suppress

from peering import Delegated, Place

from antiphon import Message, dump, zmq
from antiphon.zmq.asyncio import Context, Poller

READY = Message(b"\x01")

log = logging.getLogger("peering2")


async def client(context: Context, endpoint: str, interval: float) -> None:
    """Send tasks and print the replies."""
    with context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        while True:
            await Message("HELLO").send(socket)
            print(f"Client: {(await Message.recv(socket)).text()}", flush=True)
            await asyncio.sleep(interval)


async def worker(context: Context, endpoint: str) -> None:
    """Do tasks."""
    with context.socket(zmq.REQ) as socket:
        socket.connect(endpoint)
        await READY.send(socket)
        while True:
            message = await Message.recv(socket)
            log.debug("Worker: %s", dump([message[-1]]))
            message[-1] = "OK"
            await message.send(socket)


class Broker:
    """Four sockets, the idle workers, and the tasks that were given away."""

    def __init__(self, context: Context, me: Place, peers: list[Place], share: float) -> None:
        self.peers = [peer.id for peer in peers]
        self.share = share
        #: The one that has been idle for longest comes first.
        self.idle: asyncio.Queue[bytes] = asyncio.Queue()
        #: What others have of our tasks.
        self.delegated = Delegated()
        self.localfe = context.socket(zmq.ROUTER)
        self.localbe = context.socket(zmq.ROUTER)
        self.cloudfe = context.socket(zmq.ROUTER, identity=me.id)
        self.cloudbe = context.socket(zmq.ROUTER, identity=me.id)
        self.cloudbe.router_mandatory = True
        # A broker that hangs counts as gone.
        self.cloudbe.heartbeat_ivl = 500
        self.localfe.bind(me.endpoint("localfe"))
        self.localbe.bind(me.endpoint("localbe"))
        self.cloudfe.bind(me.endpoint("cloud"))
        for peer in peers:
            print(f"I: connecting to cloud frontend at '{peer.name}'", flush=True)
            self.cloudbe.connect(peer.endpoint("cloud"))

    async def run(self) -> None:
        """Route tasks and replies, each flow on its own."""
        async with asyncio.TaskGroup() as group:
            # It sees from the beginning who goes.
            group.create_task(self.watch_peers())
            group.create_task(self.from_workers())
            group.create_task(self.from_cloud())
            group.create_task(self.give_tasks())

    async def from_workers(self) -> None:
        """Note who is idle, and pass on replies to brokers and clients."""
        while True:
            message = await Message.recv(self.localbe)
            self.idle.put_nowait(message.unwrap())
            if message != READY:
                await message.send(self.cloudfe if message[0] in self.peers else self.localfe)

    async def from_cloud(self) -> None:
        """Pass on other brokers' replies to clients."""
        while True:
            message = await Message.recv(self.cloudbe)
            message.pop()
            if self.delegated.answered(message):
                await message.send(self.localfe)

    async def give_tasks(self) -> None:
        """Give tasks of the cloud to workers, and those of clients to workers or to the cloud."""
        poller = Poller()
        poller.register(self.cloudfe, zmq.POLLIN)
        poller.register(self.localfe, zmq.POLLIN)
        while True:
            ready = dict(await poller.poll())
            source = self.cloudfe if self.cloudfe in ready else self.localfe
            idle = await self.idle.get()
            try:
                message = await Message.recv(source, zmq.DONTWAIT)
            except zmq.Again:
                # Who had sent it has gone meanwhile, and the task with it.
                self.idle.put_nowait(idle)
                continue
            there = self.there() if source is self.localfe else []
            if there and random.random() < self.share:
                self.idle.put_nowait(idle)
                await self.to_cloud(random.choice(there), message)
            else:
                await self.to_worker(idle, message)

    def there(self) -> list[bytes]:
        """Return the brokers that are connected: for others, messages wait until they are again."""
        return [peer.routing_id for peer in self.cloudbe.peers() if peer.connected]

    async def to_worker(self, idle: bytes, message: Message) -> None:
        """Give a task to a worker."""
        message.wrap(idle)
        await message.send(self.localbe)

    async def to_cloud(self, peer: bytes, message: Message) -> None:
        """Give a task to another broker; if that goes before it answers, the task is taken back."""
        message = self.delegated.give(peer, message)
        message.push(peer)
        with suppress(zmq.HostUnreachable):
            await message.send(self.cloudbe)

    async def watch_peers(self) -> None:
        """Take back the tasks of each broker that goes."""
        async with self.cloudbe.event_stream() as events:
            async for event in events:
                if event.name == "DISCONNECTED":
                    await self.take_back(event.routing_id)

    async def take_back(self, gone: bytes) -> None:
        """Give the tasks that a broker has to workers here."""
        for message in self.delegated.take_back({*self.peers} - {gone}):
            await self.to_worker(await self.idle.get(), message)


async def run(args: argparse.Namespace) -> None:
    """Start a broker with its clients and workers, for some seconds or for ever (0)."""
    me, *peers = map(Place, args.names)
    print(f"I: preparing broker at {me.name}...", flush=True)
    with Context() as context:
        context.linger = 0
        broker = Broker(context, me, peers, args.share)
        with suppress(TimeoutError):
            async with asyncio.timeout(args.seconds or None), asyncio.TaskGroup() as group:
                group.create_task(broker.run())
                for _ in range(args.workers):
                    group.create_task(worker(context, me.endpoint("localbe")))
                for _ in range(args.clients):
                    group.create_task(client(context, me.endpoint("localfe"), args.interval))


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between tasks")
    parser.add_argument("--share", type=float, default=0.2, help="of the tasks, for the cloud")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--verbose", action="store_true", help="log what workers hear")
    args = parser.parse_args()
    if args.verbose:
        logging.basicConfig(format="%(message)s")
        log.setLevel(logging.DEBUG)
    if not args.names:
        print("syntax: peering2_asyncio me {you}...")
        return
    try:
        asyncio.run(run(args))
    except KeyboardInterrupt:
        print("Interrupted")


if __name__ == "__main__":
    main()
