"""One way: a PUSH that sends without end, and a PULL in another process that counts.

usage: pipeline PACKAGE SECURITY server SIZE
       pipeline PACKAGE SECURITY client ENDPOINT MESSAGES SIZE

PACKAGE is zmq, antiphon.zmq or pyomq, SECURITY null or curve.
"""

import sys
import time
from typing import Any

from benchmarks.programs.common import endpoint_of, load, opened, report, used

#: A key pair for this measurement alone.
_PUBLIC = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
_SECRET = b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


def serve(zmq: Any, curve: bool, size: int) -> None:
    """Send messages of ``size`` bytes for as long as somebody takes them."""
    socket = opened(zmq.Context(), zmq.PUSH, size)
    if curve:
        socket.curve_server = True
        socket.curve_publickey = _PUBLIC
        socket.curve_secretkey = _SECRET
    print(endpoint_of(socket), flush=True)
    body = b"x" * size
    while True:
        socket.send(body)


def count(zmq: Any, curve: bool, endpoint: str, messages: int, size: int) -> None:
    """Take as many messages and print how many come per second."""
    context = zmq.Context()
    socket = opened(context, zmq.PULL, size)
    if curve:
        socket.curve_serverkey = _PUBLIC
        socket.curve_publickey = _PUBLIC
        socket.curve_secretkey = _SECRET
    socket.connect(endpoint)
    for _ in range(max(messages // 10, 1)):
        socket.recv()
    before, start = used(), time.perf_counter()
    for _ in range(messages):
        socket.recv()
    report(start, before, messages)
    socket.close()
    context.term()


if __name__ == "__main__":
    package, security, role, *rest = sys.argv[1:]
    module, _ = load(package)
    if role == "server":
        serve(module, security == "curve", int(rest[0]))
    else:
        count(module, security == "curve", rest[0], int(rest[1]), int(rest[2]))
