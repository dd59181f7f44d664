"""ROUTER to REQ: a boss hands out work to whoever asks for it, so that nobody waits in line.

    python examples/chapter3/rtreq.py [ENDPOINT] [--seconds 5] [--workers 10] [--slowest 0.5]

A worker asks, gets work as the reply, works, and asks again: the ROUTER answers each time to the
worker that has been ready for longest. When the time is over, all are fired.
"""

import argparse
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from antiphon import zmq

Worker = Callable[[zmq.Context, str, float], int]


def arguments() -> argparse.Namespace:
    """Return what the program was given; the other programs of this kind take the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint", nargs="?", default="tcp://127.0.0.1:5671")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long there is work")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--slowest", type=float, default=0.5, help="seconds, for a task")
    return parser.parse_args()


def req_worker(context: zmq.Context, endpoint: str, slowest: float) -> int:
    """Ask for work until fired; returns how many tasks were done."""
    with context.socket(zmq.REQ) as worker:
        worker.connect(endpoint)
        completed = 0
        while True:
            worker.send_string("Hi Boss")
            if worker.recv_string() == "Fired!":
                return completed
            completed += 1
            time.sleep(random.uniform(0.001, slowest))


def boss(broker: zmq.Socket, seconds: float, workers: int) -> None:
    """Give work for some seconds, then fire everyone."""
    end = time.monotonic() + seconds
    fired = 0
    while fired < workers:
        worker, _delimiter, _greeting = broker.recv_multipart()
        if time.monotonic() < end:
            broker.send_multipart([worker, b"", b"Work harder"])
        else:
            broker.send_multipart([worker, b"", b"Fired!"])
            fired += 1


def run(kinds: list[Worker]) -> None:
    """Start workers, of the given kinds in turn, be their boss, and print what they did."""
    args = arguments()
    # Ctrl-C ends the context first, and that ends the workers that the pool waits for. What they
    # ask for then has nobody to go to: it is not waited for.
    with (
        ThreadPoolExecutor(args.workers) as pool,
        zmq.Context() as context,
        context.socket(zmq.ROUTER) as broker,
    ):
        context.linger = 0
        broker.bind(args.endpoint)
        endpoint = broker.last_endpoint.decode()
        working = [
            pool.submit(kinds[number % len(kinds)], context, endpoint, args.slowest)
            for number in range(args.workers)
        ]
        boss(broker, args.seconds, args.workers)
        for worker in working:
            print(f"Completed: {worker.result()} tasks")


if __name__ == "__main__":
    run([req_worker])
