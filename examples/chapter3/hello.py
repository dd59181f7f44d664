"""Hello World, and the minimal envelope that REQ and REP put around it on the wire.

    python examples/chapter3/hello.py [ENDPOINT]

A REQ puts an empty frame in front of what it sends, and takes it off what it receives; a REP keeps
it aside and puts it back. Programs that use them never see it, so a ROUTER takes the REP's place
here, and then a DEALER the REQ's: those two show frames as they are.
"""

import sys

from antiphon import Message, dump, zmq


def talk(context: zmq.Context, endpoint: str) -> None:
    """Let a REQ and a REP talk."""
    with context.socket(zmq.REP) as server, context.socket(zmq.REQ) as client:
        server.bind(endpoint)
        client.connect(server.last_endpoint)
        client.send_string("Hello")
        print("REP hears", server.recv_string())
        server.send_string("World")
        print("REQ hears", client.recv_string())


def show_request(context: zmq.Context, endpoint: str) -> None:
    """Show what a REQ sends."""
    with context.socket(zmq.ROUTER) as server, context.socket(zmq.REQ) as client:
        server.bind(endpoint)
        client.connect(server.last_endpoint)
        client.send_string("Hello")
        message = Message.recv(server)
        message.pop()  # the ROUTER's own: the id of the peer
        print("A request on the wire:", dump(message), sep="\n")


def show_reply(context: zmq.Context, endpoint: str) -> None:
    """Show what a REP sends."""
    with context.socket(zmq.REP) as server, context.socket(zmq.DEALER) as client:
        server.bind(endpoint)
        client.connect(server.last_endpoint)
        Message("", "Hello").send(client)
        server.recv()
        server.send_string("World")
        print("A reply on the wire:", dump(Message.recv(client)), sep="\n")


def main() -> None:
    """Show all three."""
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5555"
    with zmq.Context() as context:
        talk(context, endpoint)
        show_request(context, endpoint)
        show_reply(context, endpoint)


if __name__ == "__main__":
    main()
