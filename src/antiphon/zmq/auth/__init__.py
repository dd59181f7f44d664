"""Authentication of peers, under pyzmq's names: who may connect, by address, password or key."""

from antiphon.zmq.auth.base import CURVE_ALLOW_ANY, Authenticator
from antiphon.zmq.auth.certs import create_certificates, load_certificate, load_certificates

__all__ = (
    "CURVE_ALLOW_ANY",
    "Authenticator",
    "create_certificates",
    "load_certificate",
    "load_certificates",
)
