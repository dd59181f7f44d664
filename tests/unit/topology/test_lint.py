"""The rules, each with the smallest topology that breaks it and one that does not."""

import pytest

from antiphon.topology import ERROR, WARNING, Finding, lint, read_topology


def socket(name: str, kind: str, *lines: str) -> str:
    return "\n".join(["[[socket]]", f'name = "{name}"', f'type = "{kind}"', *lines, ""])


def found(*sockets: str) -> list[Finding]:
    return lint(read_topology("".join(sockets)))


def rules(*sockets: str) -> list[tuple[str, str]]:
    return [(finding.severity, finding.rule) for finding in found(*sockets)]


BOUND = 'bind = "tcp://*:5555"'
CONNECTED = 'connect = "tcp://server:5555"'
LOAD_BALANCER = (
    socket("clients", "REQ", "count = 10", 'connect = "tcp://broker:5555"'),
    socket("frontend", "ROUTER", 'bind = "tcp://*:5555"'),
    socket("backend", "ROUTER", 'bind = "tcp://*:5556"'),
    socket("workers", "REQ", "count = 3", 'connect = "tcp://broker:5556"'),
)


def test_a_load_balancer_is_in_order() -> None:
    assert found(*LOAD_BALANCER) == []


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("REQ", "REQ", "neither answers"),
        ("REQ", "DEALER", "cannot address a reply"),
        ("REP", "REP", "neither starts"),
        ("REP", "ROUTER", "routing id"),
        ("PUSH", "SUB", "SUB cannot talk to PUSH"),
    ],
)
def test_pairs_that_cannot_talk(one: str, other: str, why: str) -> None:
    """K7, N4."""
    findings = found(socket("a", one, BOUND), socket("b", other, CONNECTED))
    assert [finding.rule for finding in findings] == ["illegal-pair"]
    assert findings[0].sockets == ("b", "a")
    assert why in findings[0].message


def test_two_sides_that_connect() -> None:
    """K8."""
    both = (socket("a", "REQ", CONNECTED), socket("b", "REP", CONNECTED))
    assert rules(*both) == [(ERROR, "two-connecting-sides")]
    assert rules(both[0]) == [(WARNING, "nobody-binds")]
    assert rules(*both, socket("c", "ROUTER", 'bind = "tcp://*:1"')) == [
        (ERROR, "two-connecting-sides")
    ]


def test_who_binds_an_endpoint_by_name_has_it() -> None:
    named = socket("named", "REP", 'bind = "tcp://server:5555"')
    everywhere = socket("everywhere", "PULL", BOUND)
    assert rules(named, everywhere, socket("a", "REQ", CONNECTED)) == []


@pytest.mark.parametrize("endpoint", ["ipc:///run/x", "inproc://x", "tcp://127.0.0.1:1"])
def test_the_same_endpoint_joins_on_every_transport(endpoint: str) -> None:
    pair = (
        socket("a", "REQ", f'connect = "{endpoint}"'),
        socket("b", "REQ", f'bind = "{endpoint}"'),
    )
    assert rules(*pair) == [(ERROR, "illegal-pair")]


def test_an_endpoint_that_two_bind() -> None:
    pair = (socket("a", "REP", BOUND), socket("b", "ROUTER", BOUND))
    assert rules(*pair) == [(ERROR, "bound-twice")]
    free = (
        socket("a", "REP", 'bind = "tcp://*:*"'),
        socket("b", "ROUTER", 'bind = "tcp://*:*"'),
    )
    assert rules(*free) == []


def test_an_endpoint_that_many_alike_bind() -> None:
    """K8."""
    assert rules(socket("a", "REP", "count = 2", BOUND)) == [(ERROR, "bound-by-many")]
    assert rules(socket("a", "REP", "count = 2", 'bind = "ipc://*"')) == []


def test_a_socket_without_endpoints() -> None:
    assert rules(socket("a", "REP")) == [(WARNING, "unattached")]


def test_duplicate_ids_towards_one_router() -> None:
    """R7."""
    router = socket("router", "ROUTER", BOUND)
    named = socket("a", "DEALER", CONNECTED, 'routing_id = "A"')
    assert rules(router, named, socket("b", "REQ", CONNECTED, 'routing_id = "B"')) == []
    findings = found(router, named, socket("b", "REQ", CONNECTED, 'routing_id = "A"'))
    assert [finding.rule for finding in findings] == ["duplicate-identity"]
    assert set(findings[0].sockets) == {"a", "b", "router"}
    many = socket("a", "DEALER", CONNECTED, 'routing_id = "A"', "count = 3")
    assert rules(router, many) == [(ERROR, "duplicate-identity")]


def test_the_same_id_towards_two_routers_is_no_matter() -> None:
    """B7: a broker has one name towards all its peers."""
    assert (
        rules(
            socket("r", "ROUTER", 'bind = "tcp://*:1"'),
            socket("s", "ROUTER", 'bind = "tcp://*:2"'),
            socket("a", "DEALER", 'connect = "tcp://x:1"', 'routing_id = "A"'),
            socket("b", "DEALER", 'connect = "tcp://x:2"', 'routing_id = "A"'),
        )
        == []
    )


@pytest.mark.parametrize(
    ("binder", "connecter", "clean"),
    [
        ((), (), False),
        (('routing_id = "B"',), (), True),
        ((), ('routing_id = "C"',), True),
        ((), ("probe_router = true",), True),
        ((), ('connect_routing_id = "B"',), True),
        (('connect_routing_id = "C"',), (), False),
    ],
)
def test_routers_that_cannot_learn_each_others_id(
    binder: tuple[str, ...], connecter: tuple[str, ...], clean: bool
) -> None:
    """K6, R2 to R5."""
    pair = (socket("a", "ROUTER", BOUND, *binder), socket("b", "ROUTER", CONNECTED, *connecter))
    assert rules(*pair) == ([] if clean else [(ERROR, "unknown-identity")])


def test_a_router_that_starts() -> None:
    """R2, R3."""
    router = socket("a", "ROUTER", BOUND, "starts = true")
    assert rules(router, socket("b", "DEALER", CONNECTED)) == [(ERROR, "unknown-identity")]
    assert rules(router, socket("b", "DEALER", CONNECTED, 'routing_id = "B"')) == []


def test_types_that_take_one_peer() -> None:
    """K5 and RFC 31."""
    many = "count = 2"
    assert rules(socket("a", "PAIR", BOUND), socket("b", "PAIR", CONNECTED, many)) == [
        (ERROR, "too-many-peers")
    ]
    assert rules(socket("a", "DEALER", BOUND), socket("b", "DEALER", CONNECTED, many)) == [
        (WARNING, "too-many-peers")
    ]
    assert rules(socket("a", "DEALER", BOUND), socket("b", "DEALER", CONNECTED)) == []


def test_errors_come_first() -> None:
    findings = found(socket("x", "SUB"), socket("a", "REP", BOUND), socket("b", "REP", CONNECTED))
    assert [finding.severity for finding in findings] == [ERROR, WARNING]
