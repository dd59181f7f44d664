"""Asynchronous clients and an asynchronous server: any number of replies to a request.

    python examples/chapter3/asyncsrv.py [ENDPOINT] [--clients 3] [--workers 5] [--seconds 5]
                                         [--tick 1] [--slowest 1] [--expiry 2]

A client sends a request in every tick, whatever replies come meanwhile. The server is a ROUTER for
clients and a DEALER for its own workers, also DEALERs; a worker sends up to four copies of a
request back, each after a while. The server keeps state for each client, by its id: requests are
the client's heartbeat, and who has been silent for some seconds is forgotten.

The Guide's Python program polls for a second after each request, so that its rate is another one;
here, as in the C program, replies do not move the tick.
"""

import argparse
import asyncio
import random

from antiphon import Message, dump, zmq
from antiphon.zmq.asyncio import Context, Socket


async def client(context: Context, args: argparse.Namespace, endpoint: str) -> None:
    """Send a request in every tick and print what comes back."""
    identity = f"{random.randrange(0x10000):04X}-{random.randrange(0x10000):04X}"
    with context.socket(zmq.DEALER, identity=identity.encode()) as socket:
        socket.connect(endpoint)
        printing = asyncio.create_task(print_replies(socket, identity))
        loop = asyncio.get_running_loop()
        try:
            start = loop.time()
            number = 0
            while (tick := number * args.tick) < args.seconds:
                await asyncio.sleep(start + tick - loop.time())
                number += 1
                await Message(f"request #{number}").send(socket)
            await asyncio.sleep(start + args.seconds - loop.time())
        finally:
            printing.cancel()


async def print_replies(socket: Socket, identity: str) -> None:
    """Print each reply: one frame, the client's own words."""
    while True:
        print(dump(await Message.recv(socket), identity))


class Clients:
    """What the server knows of its clients, as long as they are heard of."""

    def __init__(self, expiry: float) -> None:
        self.expiry = expiry
        #: Requests so far, and when the last one came, by client id.
        self.known: dict[bytes, tuple[int, float]] = {}

    def heard_of(self, client: bytes, now: float) -> None:
        """Note a request."""
        requests, _ = self.known.pop(client, (0, now))
        # The client heard of last comes last.
        self.known[client] = (requests + 1, now)

    def forget(self, now: float) -> list[tuple[bytes, int]]:
        """Forget who has been silent for too long; returns them, and their numbers of requests."""
        gone: list[tuple[bytes, int]] = []
        for client, (requests, last) in self.known.items():
            if now - last < self.expiry:
                break
            gone.append((client, requests))
        for client, _ in gone:
            del self.known[client]
        return gone


async def serve(frontend: Socket, backend: Socket, clients: Clients) -> None:
    """Pass requests to workers and replies to clients."""
    loop = asyncio.get_running_loop()

    async def requests() -> None:
        while True:
            message = await Message.recv(frontend)
            clients.heard_of(message[0], loop.time())
            await message.send(backend)

    async def replies() -> None:
        while True:
            await (await Message.recv(backend)).send(frontend)

    async def forgetting() -> None:
        while True:
            await asyncio.sleep(clients.expiry / 4)
            for client, count in clients.forget(loop.time()):
                print(f"Server: {client.decode()} is forgotten after {count} requests")

    await asyncio.gather(requests(), replies(), forgetting())


async def worker(context: Context, slowest: float) -> None:
    """Send copies of each request back."""
    with context.socket(zmq.DEALER) as socket:
        socket.connect("inproc://backend")
        while True:
            client, request = await socket.recv_multipart()
            for _ in range(random.randint(0, 4)):
                await asyncio.sleep(random.uniform(0.001, 1) * slowest)
                await Message(client, request).send(socket)


async def run(args: argparse.Namespace) -> None:
    """Start the server, let the clients do their work, and wait until they are forgotten."""
    clients = Clients(args.expiry)
    with Context() as context:
        context.linger = 0
        frontend, backend = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        frontend.bind(args.endpoint)
        backend.bind("inproc://backend")
        endpoint = frontend.last_endpoint.decode()
        async with asyncio.TaskGroup() as group:
            workers = [worker(context, args.slowest) for _ in range(args.workers)]
            serving = [serve(frontend, backend, clients), *workers]
            tasks = [group.create_task(work) for work in serving]
            await asyncio.gather(*(client(context, args, endpoint) for _ in range(args.clients)))
            while clients.known:
                await asyncio.sleep(args.expiry / 4)
            print("Server: nobody is left")
            for task in tasks:
                task.cancel()


def main() -> None:
    """Run it all in one process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint", nargs="?", default="tcp://127.0.0.1:5570")
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long clients live")
    parser.add_argument("--tick", type=float, default=1.0, help="seconds between requests")
    parser.add_argument("--slowest", type=float, default=1.0, help="seconds before a reply")
    parser.add_argument("--expiry", type=float, default=2.0, help="seconds of silence")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
