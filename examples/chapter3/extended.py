"""Request and reply through any number of proxies: each of them adds one address in front.

    python examples/chapter3/extended.py [ENDPOINT] [--hops 1] [--body Hello]

Each hop is a ROUTER for those who ask and a DEALER to those who answer, joined by a loop that polls
both and passes on whole messages. The addresses are the way back; the REP keeps all of them, up to
the delimiter, while its program sees the body alone. ENDPOINT is used once per hop, with a number
behind it unless it asks for any port.
"""

import argparse
import threading

from antiphon import Message, dump, zmq


def proxy(frontend: zmq.Socket, backend: zmq.Socket, name: str) -> None:
    """Pass messages on in both directions, and show them, until the context ends."""
    poller = zmq.Poller()
    poller.register(frontend, zmq.POLLIN)
    poller.register(backend, zmq.POLLIN)
    try:
        while True:
            for source, _events in poller.poll():
                message = Message.recv(source)
                what = "request" if source is frontend else "reply"
                print(f"{name}, {what}:\n{dump(message, '    ')}\n", end="")
                message.send(backend if source is frontend else frontend)
    except zmq.ContextTerminated:
        pass


def endpoint_of(endpoint: str, number: int) -> str:
    """Return the endpoint of one hop."""
    return endpoint if endpoint.endswith("*") else f"{endpoint}-{number}"


def main() -> None:
    """Send one request through the proxies, and the reply back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint", nargs="?", default="tcp://127.0.0.1:*")
    parser.add_argument("--hops", type=int, default=1)
    parser.add_argument("--body", default="Hello")
    args = parser.parse_args()
    threads: list[threading.Thread] = []
    with zmq.Context() as context:
        server = context.socket(zmq.REP)
        server.bind(endpoint_of(args.endpoint, 0))
        endpoint = server.last_endpoint
        # From the server to the client: each hop connects to the one before it.
        for number in range(args.hops, 0, -1):
            frontend = context.socket(zmq.ROUTER)
            backend = context.socket(zmq.DEALER, identity=f"HOP{number}".encode())
            frontend.bind(endpoint_of(args.endpoint, number))
            backend.connect(endpoint)
            endpoint = frontend.last_endpoint
            threads.append(
                threading.Thread(target=proxy, args=(frontend, backend, f"Hop {number}"))
            )
            threads[-1].start()
        client = context.socket(zmq.REQ, identity=b"ABC")
        client.connect(endpoint)

        client.send_string(args.body)
        print(f"Server hears {server.recv_string()}\n", end="")
        server.send_string("World")
        print(f"Client hears {client.recv_string()}\n", end="")
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
