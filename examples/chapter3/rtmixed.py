"""One boss, REQ and DEALER workers side by side: on the wire they are the same.

python examples/chapter3/rtmixed.py [ENDPOINT] [--seconds 5] [--workers 10] [--slowest 0.5]
"""

from rtdealer import dealer_worker
from rtreq import req_worker, run

if __name__ == "__main__":
    run([req_worker, dealer_worker])
