"""What is wrong with a topology, and why: the rules of the chapter (K1 to K8, R3 to R7, N4)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from antiphon.endpoint import Endpoint
from antiphon.topology.description import SocketPlan, Topology
from antiphon.wire.pairs import illegal_pair_reason

__all__ = ("ERROR", "WARNING", "Finding", "lint")

ERROR: Final = "error"
WARNING: Final = "warning"

#: Types that have one peer and no more.
_SINGLE: Final = ("CHANNEL", "PAIR")


class Finding(NamedTuple):
    """Something wrong: ERROR cannot work, WARNING is likely not what is meant."""

    severity: str
    rule: str
    sockets: tuple[str, ...]
    message: str


class _Join(NamedTuple):
    """A socket that connects to what another has bound."""

    connecter: SocketPlan
    binder: SocketPlan
    endpoint: str


def lint(topology: Topology) -> list[Finding]:
    """Return what is wrong with a topology, errors first."""
    joins = list(_joins(topology))
    findings = [
        *_unattached(topology),
        *_bound_twice(topology),
        *_bound_by_many(topology),
        *_unbound(topology),
        *_illegal_pairs(joins),
        *_duplicate_ids(topology, joins),
        *_unknown_ids(joins),
        *_too_many_peers(topology, joins),
    ]
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda finding: finding.severity != ERROR)


# Who meets whom.


def _joins(topology: Topology) -> Iterator[_Join]:
    for connecter in topology.sockets:
        for endpoint in connecter.connects:
            for binder in _binders(topology, endpoint):
                yield _Join(connecter, binder, endpoint.text)


def _binders(topology: Topology, endpoint: Endpoint) -> list[SocketPlan]:
    """Return who has bound an endpoint: by its very name, or else on all interfaces."""
    exact = [s for s in topology.sockets if any(_same(b, endpoint) for b in s.binds)]
    return exact or [s for s in topology.sockets if any(_covers(b, endpoint) for b in s.binds)]


def _same(bound: Endpoint, endpoint: Endpoint) -> bool:
    if bound.scheme != endpoint.scheme:
        return False
    if bound.port or endpoint.port:
        return (bound.host, bound.port) == (endpoint.host, endpoint.port)
    return bound.address == endpoint.address


def _covers(bound: Endpoint, endpoint: Endpoint) -> bool:
    same_port = bound.scheme == endpoint.scheme and bound.port == endpoint.port
    return same_port and bound.host == "*" and bound.port != 0


# The rules.


def _unattached(topology: Topology) -> Iterator[Finding]:
    for plan in topology.sockets:
        if not plan.binds and not plan.connects:
            yield Finding(
                WARNING, "unattached", (plan.name,), f"{plan.name} neither binds nor connects"
            )


def _bound_twice(topology: Topology) -> Iterator[Finding]:
    first: dict[str, SocketPlan] = {}
    for plan in topology.sockets:
        for endpoint in plan.binds:
            if endpoint.text in first:
                names = (first[endpoint.text].name, plan.name)
                yield Finding(
                    ERROR,
                    "bound-twice",
                    names,
                    f"{_and(names)} bind {endpoint.text}: one socket has an endpoint, the second "
                    "bind fails; let one of them connect",
                )
            elif not _chosen_later(endpoint):
                first[endpoint.text] = plan


def _bound_by_many(topology: Topology) -> Iterator[Finding]:
    for plan in topology.sockets:
        for endpoint in plan.binds:
            if plan.count > 1 and not _chosen_later(endpoint):
                yield Finding(
                    ERROR,
                    "bound-by-many",
                    (plan.name,),
                    f"all {plan.count} of {plan.name} bind {endpoint.text}: only the first can; "
                    "bind the side that is there, connect the sides that come and go",
                )


def _chosen_later(endpoint: Endpoint) -> bool:
    if endpoint.scheme == "tcp":
        return endpoint.port == 0
    return endpoint.path == "*"


def _unbound(topology: Topology) -> Iterator[Finding]:
    waiting: dict[str, list[str]] = {}
    for plan in topology.sockets:
        for endpoint in plan.connects:
            if not _binders(topology, endpoint):
                waiting.setdefault(endpoint.text, []).extend([plan.name] * min(plan.count, 2))
    for text, names in waiting.items():
        who = tuple(dict.fromkeys(names))
        if len(who) > 1:
            yield Finding(
                ERROR,
                "two-connecting-sides",
                who,
                f"{_and(who)} connect to {text} and nobody binds it: two sockets that connect "
                "never meet; let one of them bind",
            )
        else:
            yield Finding(
                WARNING,
                "nobody-binds",
                who,
                f"{who[0]} connects to {text}, which nobody here binds",
            )


def _illegal_pairs(joins: list[_Join]) -> Iterator[Finding]:
    for connecter, binder, endpoint in joins:
        why = illegal_pair_reason(connecter.type.encode(), binder.type.encode())
        if why is not None:
            names = (connecter.name, binder.name)
            yield Finding(ERROR, "illegal-pair", names, f"{_and(names)} meet at {endpoint}: {why}")


def _duplicate_ids(topology: Topology, joins: list[_Join]) -> Iterator[Finding]:
    for router in topology.sockets:
        owners: dict[str, str] = {}
        for peer in _peers(router, joins) if router.type == "ROUTER" else []:
            if not peer.routing_id:
                continue
            other = owners.setdefault(peer.routing_id, peer.name)
            names = tuple(dict.fromkeys((other, peer.name)))
            if other != peer.name or peer.count > 1:
                who = _and(names) if len(names) > 1 else f"all {peer.count} of {peer.name}"
                yield Finding(
                    ERROR,
                    "duplicate-identity",
                    (*names, router.name),
                    f"{who} have the routing id {peer.routing_id!r} towards {router.name}: a "
                    "ROUTER knows one peer by each id and refuses the second",
                )


def _unknown_ids(joins: list[_Join]) -> Iterator[Finding]:
    for connecter, binder, _endpoint in joins:
        knows = _is_known(connecter, binder, True), _is_known(binder, connecter, False)
        names = (connecter.name, binder.name)
        if connecter.type == binder.type == "ROUTER":
            if not any(knows):
                yield Finding(
                    ERROR,
                    "unknown-identity",
                    names,
                    f"{_and(names)} are ROUTERs and neither can send first: each learns the "
                    "other's id only from a message; set ROUTING_ID or PROBE_ROUTER on one",
                )
            continue
        for router, peer, known in ((connecter, binder, knows[0]), (binder, connecter, knows[1])):
            if router.type == "ROUTER" and router.starts and not known:
                yield Finding(
                    ERROR,
                    "unknown-identity",
                    (router.name, peer.name),
                    f"{router.name} starts, but a ROUTER learns the id of {peer.name} only from "
                    f"its first message: let {peer.name} start, or set ROUTING_ID or PROBE_ROUTER "
                    "on it",
                )


def _is_known(router: SocketPlan, peer: SocketPlan, connects: bool) -> bool:
    """Tell whether a ROUTER can address a peer that has sent nothing yet."""
    return bool(peer.routing_id or peer.probe_router or (connects and router.connect_routing_id))


def _too_many_peers(topology: Topology, joins: list[_Join]) -> Iterator[Finding]:
    for plan in topology.sockets:
        peers = _peers(plan, joins)
        count = sum(peer.count for peer in peers)
        if plan.type in _SINGLE and count > 1:
            yield Finding(
                ERROR,
                "too-many-peers",
                (plan.name, *(peer.name for peer in peers)),
                f"{plan.name} is a {plan.type} and has {count} peers: it takes one and refuses "
                "the others",
            )
        dealers = [peer for peer in peers if peer.type == "DEALER"]
        if plan.type == "DEALER" and sum(peer.count for peer in dealers) > 1:
            yield Finding(
                WARNING,
                "too-many-peers",
                (plan.name, *(peer.name for peer in dealers)),
                f"{plan.name} is a DEALER and has several DEALERs for peers: it cannot choose who "
                "gets a reply; use a ROUTER where replies must find their way",
            )


def _peers(plan: SocketPlan, joins: list[_Join]) -> list[SocketPlan]:
    peers = [join.connecter for join in joins if join.binder is plan]
    peers += [join.binder for join in joins if join.connecter is plan]
    return list(dict.fromkeys(peers))


def _and(names: tuple[str, ...]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
