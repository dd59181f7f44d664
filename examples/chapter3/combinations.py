"""Which request-reply sockets can talk to each other, and why the others cannot.

python examples/chapter3/combinations.py [ENDPOINT]
"""

import sys
import threading

from antiphon import Message, dump, zmq


class Reasons(zmq.Instrument):
    """Keeps what went wrong: connections refused, messages dropped."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.changed = threading.Event()

    def happened(self, event: zmq.SocketEvent) -> None:
        """Keep the reason of an event that has one."""
        if event.reason:
            self.texts.append(event.detail or event.reason)
            self.changed.set()


def refused(call: object, *args: object) -> str:
    """Return the name of the error that a call ends in."""
    assert callable(call)
    try:
        call(*args)
    except zmq.ZMQError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def req_rep(req: zmq.Socket, rep: zmq.Socket) -> None:
    """Take turns; who is out of turn gets an error, and the socket goes on."""
    print("  REP speaks first:", refused(rep.send, b"World"))
    print("  REQ listens first:", refused(req.recv))
    req.send(b"Hello")
    print("  REQ speaks twice:", refused(req.send, b"Hello"))
    print("  REP hears", rep.recv().decode())
    print("  REP listens twice:", refused(rep.recv))
    rep.send(b"World")
    print("  REQ hears", req.recv().decode())


def dealer_rep(dealer: zmq.Socket, rep: zmq.Socket) -> None:
    """Ask more than once before the first answer; a message without delimiter is dropped."""
    reasons = Reasons()
    rep.add_instrument(reasons)
    dealer.send(b"no delimiter")
    for number in range(2):
        Message("", f"Hello {number}").send(dealer)
    for _ in range(2):
        rep.send(rep.recv().replace(b"Hello", b"World"))
    print("  REP drops a message:", *reasons.texts)
    for _ in range(2):
        print(dump(Message.recv(dealer), "  DEALER hears "))


def req_router(req: zmq.Socket, router: zmq.Socket) -> None:
    """Answer a REQ by its id and the delimiter."""
    req.send(b"Hello")
    message = Message.recv(router)
    print(dump(list(message)[1:], "  ROUTER hears, behind the id, "))
    message[-1] = "World"
    message.send(router)
    print("  REQ hears", req.recv().decode())


def dealer_router(dealer: zmq.Socket, router: zmq.Socket) -> None:
    """Talk freely: no turns and no delimiter."""
    dealer.send(b"Hello")
    name, _hello = router.recv_multipart()
    for word in (b"World", b"and more"):
        router.send_multipart([name, word])
        print("  DEALER hears", dealer.recv().decode())


def dealer_dealer(left: zmq.Socket, right: zmq.Socket) -> None:
    """Talk freely to one peer."""
    left.send(b"Hello")
    print("  DEALER hears", right.recv().decode())
    for word in (b"World", b"and more"):
        right.send(word)
        print("  DEALER hears", left.recv().decode())


def router_router(left: zmq.Socket, right: zmq.Socket) -> None:
    """Talk by ids that both sides have set; there must be a connection before the first word."""
    while not any(peer.connected for peer in left.peers()):
        left.poll(10)
    left.send_multipart([b"RIGHT", b"Hello"])
    print("  ROUTER hears", right.recv_multipart())
    right.send_multipart([b"LEFT", b"World"])
    print("  ROUTER hears", left.recv_multipart())


LEGAL = (
    (zmq.REQ, zmq.REP, req_rep),
    (zmq.DEALER, zmq.REP, dealer_rep),
    (zmq.REQ, zmq.ROUTER, req_router),
    (zmq.DEALER, zmq.ROUTER, dealer_router),
    (zmq.DEALER, zmq.DEALER, dealer_dealer),
    (zmq.ROUTER, zmq.ROUTER, router_router),
)
ILLEGAL = (
    (zmq.REQ, zmq.REQ),
    (zmq.REQ, zmq.DEALER),
    (zmq.REP, zmq.REP),
    (zmq.REP, zmq.ROUTER),
)


def main() -> None:
    """Try every pair."""
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:5560"
    for left_type, right_type, talk in LEGAL:
        print(f"{left_type.name} and {right_type.name}:")
        with zmq.Context() as context:
            right = context.socket(right_type, identity=b"RIGHT")
            left = context.socket(left_type, identity=b"LEFT")
            right.bind(endpoint)
            left.connect(right.last_endpoint)
            talk(left, right)
    for left_type, right_type in ILLEGAL:
        print(f"{left_type.name} and {right_type.name}:")
        with zmq.Context() as context:
            reasons = Reasons()
            right, left = context.socket(right_type), context.socket(left_type)
            left.add_instrument(reasons)
            right.bind(endpoint)
            try:
                left.connect(right.last_endpoint)
                assert reasons.changed.wait(10)
                why = reasons.texts[0]
            except zmq.EndpointError as error:  # inproc knows at once
                why = error.why
            _who, _, reason = why.partition(": ")
            print("  no:", reason)


if __name__ == "__main__":
    main()
