"""Conversations with real peers: libzmq by way of pyzmq, C programs, and bare TCP sockets."""
