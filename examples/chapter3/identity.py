"""A ROUTER tells its peers apart: by an id that it makes up, or by the one that a peer has set.

    python examples/chapter3/identity.py [ENDPOINT]

The book's listing names the socket type in the second text and counts 38 bytes; the published
programs send what is sent here, 40 bytes.
"""

import sys

from antiphon import Message, dump_whole, zmq


def main() -> None:
    """Let two REQ sockets talk to a ROUTER, and show what it receives."""
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "inproc://example"
    with (
        zmq.Context() as context,
        context.socket(zmq.ROUTER) as sink,
        context.socket(zmq.REQ) as anonymous,
        context.socket(zmq.REQ) as identified,
    ):
        sink.bind(endpoint)

        anonymous.connect(sink.last_endpoint)
        anonymous.send_string("ROUTER uses a generated 5 byte identity")
        print(dump_whole(Message.recv(sink)))

        identified.identity = b"PEER2"
        identified.connect(sink.last_endpoint)
        identified.send_string("ROUTER socket uses REQ's socket identity")
        print(dump_whole(Message.recv(sink)))

        # Nobody answers: what is left is not waited for.
        context.destroy(linger=0)


if __name__ == "__main__":
    main()
