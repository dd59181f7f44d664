"""Endpoint texts: refused with EndpointError, or taken apart into a text that means the same."""

from antiphon.endpoint import parse_endpoint
from antiphon.errors import EndpointError

__all__ = ("check",)


def check(data: bytes) -> None:
    """Take the bytes as an endpoint to bind and to connect."""
    for text in (data.decode("utf-8", "surrogateescape"), data.decode("latin-1")):
        for bind in (True, False):
            _check_text(text, bind)


def _check_text(text: str, bind: bool) -> None:
    try:
        endpoint = parse_endpoint(text, bind=bind)
    except EndpointError as error:
        assert str(error)
        return
    assert endpoint.given == text
    assert endpoint.text == f"{endpoint.scheme}://{endpoint.address}"
    assert 0 <= endpoint.port <= 65535
    assert 0 <= endpoint.source_port <= 65535
    again = parse_endpoint(endpoint.text, bind=bind)
    assert again.text == endpoint.text
    assert (again.host, again.port, again.path) == (endpoint.host, endpoint.port, endpoint.path)
