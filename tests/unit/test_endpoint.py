"""Endpoints: what each transport accepts, and that nothing but EndpointError is raised."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.endpoint import parse_endpoint
from antiphon.errors import EINVAL, ENAMETOOLONG, EPROTONOSUPPORT, EndpointError


@pytest.mark.parametrize(
    ("text", "host", "port", "canonical"),
    [
        ("tcp://127.0.0.1:5555", "127.0.0.1", 5555, "tcp://127.0.0.1:5555"),
        ("tcp://127.0.0.1:05555", "127.0.0.1", 5555, "tcp://127.0.0.1:5555"),
        ("tcp://[::1]:5555", "::1", 5555, "tcp://[::1]:5555"),
        ("tcp://::1:5555", "::1", 5555, "tcp://[::1]:5555"),
        ("tcp://[0:0:0:0:0:0:0:1]:1", "::1", 1, "tcp://[::1]:1"),
        ("tcp://[fe80::1%eth0]:65535", "fe80::1%eth0", 65535, "tcp://[fe80::1%eth0]:65535"),
        ("tcp://example.org:80", "example.org", 80, "tcp://example.org:80"),
        ("tcp://my_host-1.local.:80", "my_host-1.local.", 80, "tcp://my_host-1.local.:80"),
    ],
)
@pytest.mark.parametrize("bind", [False, True])
def test_tcp(text: str, host: str, port: int, canonical: str, bind: bool) -> None:
    endpoint = parse_endpoint(text, bind=bind)
    assert (endpoint.scheme, endpoint.host, endpoint.port) == ("tcp", host, port)
    assert (endpoint.text, endpoint.given) == (canonical, text)
    assert endpoint.text == f"tcp://{endpoint.address}"
    assert (endpoint.source_host, endpoint.source_port, endpoint.path) == ("", 0, "")


@pytest.mark.parametrize("host", ["*", "127.0.0.1", "[::]", "eth0", "localhost"])
@pytest.mark.parametrize("port", ["*", "0", "!"])
def test_tcp_wildcards_are_for_bind(host: str, port: str) -> None:
    endpoint = parse_endpoint(f"tcp://{host}:{port}", bind=True)
    assert endpoint.host == host.strip("[]")
    assert endpoint.port == 0
    assert endpoint.text == f"tcp://{host}:*"
    with pytest.raises(EndpointError, match="for bind") as caught:
        parse_endpoint(f"tcp://{host}:{port}", bind=False)
    assert caught.value.errno == EINVAL


def test_tcp_star_host_with_a_port_is_for_bind() -> None:
    assert parse_endpoint("tcp://*:5555", bind=True).host == "*"
    with pytest.raises(EndpointError, match="for bind"):
        parse_endpoint("tcp://*:5555", bind=False)


@pytest.mark.parametrize(
    ("text", "source_host", "source_port", "canonical"),
    [
        ("tcp://10.0.0.1:5000;a:1", "10.0.0.1", 5000, "tcp://10.0.0.1:5000;a:1"),
        ("tcp://10.0.0.1:0;a:1", "10.0.0.1", 0, "tcp://10.0.0.1:*;a:1"),
        ("tcp://*:*;a:1", "*", 0, "tcp://*:*;a:1"),
        ("tcp://[::1]:7;[::2]:1", "::1", 7, "tcp://[::1]:7;[::2]:1"),
    ],
)
def test_tcp_source(text: str, source_host: str, source_port: int, canonical: str) -> None:
    endpoint = parse_endpoint(text, bind=False)
    assert (endpoint.source_host, endpoint.source_port) == (source_host, source_port)
    assert endpoint.port == 1
    assert endpoint.text == canonical
    with pytest.raises(EndpointError, match="only connect"):
        parse_endpoint(text, bind=True)


@pytest.mark.parametrize(
    "address",
    [
        "",
        ":",
        "*",
        "host",
        "host:",
        ":5555",
        "[]:5555",
        "[::1]",
        "[host]:5555",
        "[::1:5555",
        "::g:5555",
        "host:65536",
        "host:99999",
        "host:100000",
        "host:-1",
        "host:+1",
        "host: 1",
        "host:1 ",
        "host:0x10",
        "host:http",
        "host:\u0661",
        " host:1",
        "a b:1",
        "-host:1",
        "b\u00fccher.example:1",
        "1.2.3:1",
        "127.0.0.256:1",
        "127.0.0.01:1",
        "fe80::1%:1",
        "[fe80::1%a b]:1",
        "host:1;",
        ";host:1",
        "a:1;b:2;c:3",
        f"{'h' * 254}:1",
    ],
)
@pytest.mark.parametrize("bind", [False, True])
def test_bad_tcp(address: str, bind: bool) -> None:
    with pytest.raises(EndpointError) as caught:
        parse_endpoint(f"tcp://{address}", bind=bind)
    assert caught.value.errno == EINVAL
    assert caught.value.endpoint == f"tcp://{address}"


@pytest.mark.parametrize("path", ["/run/a.ipc", "relative.ipc", "@abstract", "/" + "x" * 106])
@pytest.mark.parametrize("bind", [False, True])
def test_ipc(path: str, bind: bool) -> None:
    endpoint = parse_endpoint(f"ipc://{path}", bind=bind)
    assert (endpoint.scheme, endpoint.path, endpoint.text) == ("ipc", path, f"ipc://{path}")


def test_ipc_wildcard_is_for_bind() -> None:
    assert parse_endpoint("ipc://*", bind=True).path == "*"
    with pytest.raises(EndpointError, match="for bind"):
        parse_endpoint("ipc://*", bind=False)


@pytest.mark.parametrize(
    ("path", "errno"),
    [
        ("", EINVAL),
        ("@", EINVAL),
        ("a\0b", EINVAL),
        ("\ud800", EINVAL),
        ("x" * 108, ENAMETOOLONG),
        ("\u00e9" * 54, ENAMETOOLONG),
    ],
)
def test_bad_ipc(path: str, errno: int) -> None:
    with pytest.raises(EndpointError) as caught:
        parse_endpoint(f"ipc://{path}", bind=True)
    assert caught.value.errno == errno


def test_inproc() -> None:
    endpoint = parse_endpoint("inproc://a name", bind=False)
    assert (endpoint.scheme, endpoint.path, endpoint.address) == ("inproc", "a name", "a name")
    assert str(endpoint) == "inproc://a name"
    assert repr(endpoint) == "Endpoint('inproc://a name')"
    assert parse_endpoint("inproc://" + "x" * 256, bind=True).path == "x" * 256


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_bad_inproc(name: str) -> None:
    with pytest.raises(EndpointError) as caught:
        parse_endpoint(f"inproc://{name}", bind=True)
    assert caught.value.errno == EINVAL


@pytest.mark.parametrize("text", ["", "tcp", "tcp:/", "127.0.0.1:5555", "://a:1"])
def test_no_endpoint(text: str) -> None:
    with pytest.raises(EndpointError, match="transport://address") as caught:
        parse_endpoint(text, bind=True)
    assert caught.value.errno == EINVAL


@pytest.mark.parametrize(("text", "fix"), [("foo://a", "use tcp"), ("TCP://a:1", "lower case")])
def test_unsupported_transport(text: str, fix: str) -> None:
    with pytest.raises(EndpointError, match=fix) as caught:
        parse_endpoint(text, bind=True)
    assert caught.value.errno == EPROTONOSUPPORT


def check_total(text: str, bind: bool) -> None:
    """Parse ``text``: what is accepted must parse again to the same; the rest must say why."""
    try:
        endpoint = parse_endpoint(text, bind=bind)
    except EndpointError as error:
        assert error.endpoint == text
        assert error.why
        return
    again = parse_endpoint(endpoint.text, bind=bind)
    assert again.text == endpoint.text
    assert (again.host, again.port, again.path) == (endpoint.host, endpoint.port, endpoint.path)


@given(st.text(), st.booleans())
def test_any_text_is_parsed_or_refused(text: str, bind: bool) -> None:
    check_total(text, bind)


@given(
    st.sampled_from(["tcp://", "ipc://", "inproc://"]),
    st.one_of(st.text(), st.text(alphabet="0123456789abcf.:;[]%*!@/\n\0 ")),
    st.booleans(),
)
@example("tcp://", "::%a:1", True)
@example("tcp://", "a:1\n", True)
@example("tcp://", "a\n:1", True)
def test_any_address_is_parsed_or_refused(scheme: str, address: str, bind: bool) -> None:
    check_total(scheme + address, bind)


@given(st.ip_addresses(), st.integers(1, 65535), st.booleans())
def test_every_ip_address_and_port(address: object, port: int, bind: bool) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    endpoint = parse_endpoint(f"tcp://{host}:{port}", bind=bind)
    assert (endpoint.host, endpoint.port) == (str(address), port)


@pytest.mark.parametrize(
    ("text", "host", "port", "path", "authority", "canonical"),
    [
        ("ws://127.0.0.1:5555", "127.0.0.1", 5555, "/", "127.0.0.1:5555", "ws://127.0.0.1:5555/"),
        ("ws://h:080/a/b", "h", 80, "/a/b", "h:080", "ws://h:80/a/b"),
        ("wss://h:1/?q=1&r=%20", "h", 1, "/?q=1&r=%20", "h:1", "wss://h:1/?q=1&r=%20"),
        ("ws://[::1]:1//", "::1", 1, "//", "[::1]:1", "ws://[::1]:1//"),
    ],
)
@pytest.mark.parametrize("bind", [False, True])
def test_websocket(
    text: str, host: str, port: int, path: str, authority: str, canonical: str, bind: bool
) -> None:
    """W1: host and path are kept as they were given."""
    endpoint = parse_endpoint(text, bind=bind)
    assert endpoint.scheme == text.partition(":")[0]
    assert (endpoint.host, endpoint.port, endpoint.path) == (host, port, path)
    assert (endpoint.authority, endpoint.text, endpoint.given) == (authority, canonical, text)
    assert parse_endpoint(endpoint.text, bind=bind).text == endpoint.text


def test_websocket_has_a_port_of_its_own_to_connect_to() -> None:
    for text, port in (("ws://example.org/a", 80), ("wss://[::1]", 443)):
        endpoint = parse_endpoint(text, bind=False)
        assert endpoint.port == port
        assert endpoint.authority == text.partition("//")[2].partition("/")[0]
        with pytest.raises(EndpointError, match="port is missing"):
            parse_endpoint(text, bind=True)


def test_websocket_wildcards_are_for_bind() -> None:
    endpoint = parse_endpoint("ws://*:*/path", bind=True)
    assert (endpoint.host, endpoint.port, endpoint.text) == ("*", 0, "ws://*:*/path")
    for text in ("ws://*:1/path", "ws://h:*/path", "ws://h:0/path"):
        with pytest.raises(EndpointError, match="for bind"):
            parse_endpoint(text, bind=False)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/path",
        ":1/",
        "h:x/",
        "h:65536/",
        "h:1/a b",
        "h:1/a#b",
        "h:1/\xe9",
        "h:1/\r\nX: y",
        "h:1?q",
        "a:1;b:1/",
        "h:1/" + "x" * 2048,
        "h h:1/",
    ],
)
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_bad_websocket_endpoints(scheme: str, address: str) -> None:
    for bind in (False, True):
        with pytest.raises(EndpointError) as caught:
            parse_endpoint(f"{scheme}://{address}", bind=bind)
        assert caught.value.errno == EINVAL
