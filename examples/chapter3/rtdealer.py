"""ROUTER to DEALER: the same boss; the workers send and take off the delimiter themselves.

    python examples/chapter3/rtdealer.py [ENDPOINT] [--seconds 5] [--workers 10] [--slowest 0.5]

Where all workers are DEALERs both sides may leave the delimiter out. Here it stays, so that the
boss cannot tell them from REQ sockets. (The Guide's Python program of this name is another one, of
two workers with different shares; this one does what its C program does.)
"""

import random
import time

from rtreq import run

from antiphon import zmq


def dealer_worker(context: zmq.Context, endpoint: str, slowest: float) -> int:
    """Ask for work until fired; returns how many tasks were done."""
    with context.socket(zmq.DEALER) as worker:
        worker.connect(endpoint)
        completed = 0
        while True:
            worker.send_multipart([b"", b"Hi Boss"])
            _delimiter, work = worker.recv_multipart()
            if work == b"Fired!":
                return completed
            completed += 1
            time.sleep(random.uniform(0.001, slowest))


if __name__ == "__main__":
    run([dealer_worker])
