"""A blocking ROUTER that sends every message back, for as many peers as the system allows.

usage: router PACKAGE

PACKAGE is zmq or antiphon.zmq. Prints its endpoint.
"""

import resource
import sys

from benchmarks.programs.common import endpoint_of, load, opened

if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    zmq, _ = load(sys.argv[1])
    socket = opened(zmq.Context(), zmq.ROUTER)
    socket.backlog = 1024
    print(endpoint_of(socket), flush=True)
    while True:
        socket.send_multipart(socket.recv_multipart())
