"""The proxy without its sockets: who has room, who has a turn, what is counted."""

import sys
from collections.abc import Sequence

import pytest

from antiphon.errors import HostUnreachable
from antiphon.options import SocketOptions
from antiphon.patterns.pipe import Pipe
from antiphon.patterns.proxy import PAUSE, RESUME, STATISTICS, TERMINATE, Proxy, SteerableProxy
from antiphon.patterns.publisher import Xpub
from antiphon.patterns.reqrep import Dealer, Rep
from antiphon.patterns.router import Router
from antiphon.queue import MessageQueue

Pattern = Dealer | Rep | Router


def options(hwm: int = 1000) -> SocketOptions:
    made = SocketOptions()
    made.sndhwm = hwm
    return made


def dealer(hwm: int = 1000) -> tuple[Dealer, Pipe]:
    pattern = Dealer(options(hwm))
    return pattern, attach(pattern, hwm)


def attach(pattern: Pattern, hwm: int = 1000, routing_id: bytes = b"") -> Pipe:
    pipe = Pipe(options(hwm))
    pipe.routing_id = routing_id
    assert pattern.attach(pipe) == ""
    return pipe


def run(proxy: Proxy) -> None:
    while proxy.step():
        pass


def numbers(reply: Sequence[bytes]) -> list[int]:
    return [int.from_bytes(figure, sys.byteorder) for figure in reply]


def test_messages_go_both_ways_and_captured_ones_too() -> None:
    (front, left), (back, right), (capture, seen) = dealer(), dealer(), dealer()
    proxy = Proxy(front, back, capture, ([b"in"], [b"out"]))
    front.deliver(left, MessageQueue([[b"1", b"2"]]))
    back.deliver(right, MessageQueue([[b"3"]]))
    run(proxy)
    assert right.outbound == [[b"1", b"2"]]
    assert left.outbound == [[b"3"]]
    assert seen.outbound == [[b"in", b"1", b"2"], [b"out", b"3"]]


def test_nothing_is_read_that_the_other_side_has_no_room_for() -> None:
    (front, left), (back, right) = dealer(), dealer(hwm=2)
    proxy = Proxy(front, back, None)
    front.deliver(left, MessageQueue([[b"%d" % number] for number in range(5)]))
    run(proxy)
    assert (len(right.outbound), len(left.inbound)) == (2, 3)
    right.outbound_taken(2)
    assert right.unblocked()
    back.writable(right)
    run(proxy)
    assert [len(right.outbound), len(left.inbound)] == [2, 1]


def test_nothing_is_read_that_cannot_be_captured() -> None:
    (front, left), (back, right), (capture, seen) = dealer(), dealer(), dealer(hwm=1)
    proxy = Proxy(front, back, capture)
    front.deliver(left, MessageQueue([[b"1"], [b"2"]]))
    run(proxy)
    assert (right.outbound, seen.outbound, list(left.inbound)) == ([[b"1"]], [[b"1"]], [[b"2"]])


def test_a_copy_waits_for_an_xpub_that_may_drop_none() -> None:
    (front, left), (back, right) = dealer(), dealer()
    capture = Xpub(options(1))
    capture.options.xpub_nodrop = True
    seen = Pipe(options(1))
    assert capture.attach(seen) == ""
    capture.deliver(seen, MessageQueue([[b"\x01"]]))
    proxy = Proxy(front, back, capture)
    front.deliver(left, MessageQueue([[b"1"], [b"2"], [b"3"]]))
    run(proxy)
    assert (right.outbound, seen.outbound, list(left.inbound)) == (
        [[b"1"], [b"2"]],
        [[b"1"]],
        [[b"3"]],
    )
    seen.outbound_taken(1)
    assert seen.unblocked()
    run(proxy)
    assert (seen.outbound, list(left.inbound)) == ([[b"2"]], [])
    proxy.ended()
    assert capture.drops == {"queue-full": 1}


def test_a_busy_side_does_not_keep_the_other_one_from_its_turn() -> None:
    (front, left), (back, right) = dealer(hwm=0), dealer(hwm=0)
    proxy = Proxy(front, back, None)
    front.deliver(left, MessageQueue([[b"many"]] * 1000))
    back.deliver(right, MessageQueue([[b"one"]]))
    assert proxy.step()
    assert left.outbound == [[b"one"]]
    assert 0 < len(right.outbound) < 1000


def test_one_socket_may_be_both_sides() -> None:
    rep = Rep(SocketOptions())
    pipe = attach(rep)
    rep.deliver(pipe, MessageQueue([[b"", b"1"], [b"", b"2"]]))
    run(Proxy(rep, rep, None))
    assert pipe.outbound == [[b"", b"1"], [b"", b"2"]]


def test_a_message_for_a_full_peer_of_a_mandatory_router_waits() -> None:
    strict = options(1)
    strict.router_mandatory = True
    front = Router(strict, 0)
    full, free = attach(front, 1, b"full"), attach(front, 1, b"free")
    back, right = dealer()
    proxy = Proxy(front, back, None)
    back.deliver(right, MessageQueue([[b"full", b"1"], [b"full", b"2"], [b"free", b"3"]]))
    run(proxy)
    assert (full.outbound, free.outbound) == ([[b"1"]], [])
    full.outbound_taken(1)
    assert full.unblocked()
    front.writable(full)
    run(proxy)
    assert (full.outbound, free.outbound) == ([[b"2"]], [[b"3"]])


def test_what_has_found_no_room_at_the_end_is_counted() -> None:
    strict = options(1)
    strict.router_mandatory = True
    front = Router(strict, 0)
    attach(front, 1, b"full")
    attach(front, 1, b"free")
    back, right = dealer()
    proxy = Proxy(front, back, None)
    back.deliver(right, MessageQueue([[b"full", b"1"], [b"full", b"2"]]))
    run(proxy)
    proxy.ended()
    proxy.ended()
    assert front.drops == {"queue-full": 1}


def test_a_mandatory_router_that_knows_no_receiver_ends_the_proxy() -> None:
    strict = options()
    strict.router_mandatory = True
    front = Router(strict, 0)
    attach(front, 1, b"known")
    back, right = dealer()
    back.deliver(right, MessageQueue([[b"unknown", b"1"]]))
    with pytest.raises(HostUnreachable):
        run(Proxy(front, back, None))


def test_two_routers_swap_receiver_and_sender() -> None:
    front, back = Router(options(), 0), Router(options(), 0)
    left, right = attach(front, 9, b"left"), attach(back, 9, b"right")
    capture, seen = dealer()
    proxy = Proxy(front, back, capture, ([b"in"], [b"out"]), swaps=True)
    front.deliver(left, MessageQueue([[b"right", b"question"]]))
    back.deliver(right, MessageQueue([[b"left", b"answer"]]))
    run(proxy)
    assert right.outbound == [[b"left", b"question"]]
    assert left.outbound == [[b"right", b"answer"]]
    assert seen.outbound[0] == [b"in", b"right", b"left", b"question"]
    assert seen.outbound[1] == [b"out", b"left", b"right", b"answer"]


def steerable(replies: bool = False) -> tuple[SteerableProxy, Dealer, Pipe, Pipe, Dealer, Pipe]:
    (front, left), (back, right), (control, commands) = dealer(), dealer(), dealer()
    proxy = SteerableProxy(front, back, None, control, replies)
    return proxy, front, left, right, control, commands


def test_commands_are_obeyed() -> None:
    proxy, front, left, right, control, commands = steerable()
    control.deliver(commands, MessageQueue([[PAUSE]]))
    front.deliver(left, MessageQueue([[b"1", b"23"]]))
    run(proxy)
    assert right.outbound == []
    control.deliver(commands, MessageQueue([[STATISTICS]]))
    run(proxy)
    assert numbers(commands.outbound.pop()) == [0] * 8
    control.deliver(commands, MessageQueue([[RESUME]]))
    run(proxy)
    assert right.outbound == [[b"1", b"23"]]
    control.deliver(commands, MessageQueue([[STATISTICS]]))
    run(proxy)
    assert numbers(commands.outbound.pop()) == [2, 3, 0, 0, 0, 0, 2, 3]
    control.deliver(commands, MessageQueue([[TERMINATE]]))
    assert not proxy.done
    run(proxy)
    assert proxy.done


@pytest.mark.parametrize("message", [[b"NONSENSE"], [b""], [PAUSE, b"more"]])
def test_what_is_no_command_changes_nothing(message: list[bytes]) -> None:
    proxy, front, left, right, control, commands = steerable()
    control.deliver(commands, MessageQueue([message]))
    front.deliver(left, MessageQueue([[b"1"]]))
    run(proxy)
    assert (right.outbound, commands.outbound, proxy.done) == ([[b"1"]], [], False)


def test_who_must_be_answered_is_answered_once() -> None:
    proxy, _, _, _, control, commands = steerable(replies=True)
    control.deliver(commands, MessageQueue([[PAUSE], [b"NONSENSE"], [STATISTICS], [TERMINATE]]))
    run(proxy)
    assert [len(reply) for reply in commands.outbound] == [1, 1, 8, 1]
    assert proxy.done


def test_a_reply_without_room_waits_and_no_command_is_read_meanwhile() -> None:
    (front, _), (back, _), (control, commands) = dealer(), dealer(), dealer(hwm=1)
    proxy = SteerableProxy(front, back, None, control, replies=True)
    control.deliver(commands, MessageQueue([[PAUSE], [PAUSE], [TERMINATE]]))
    run(proxy)
    assert (len(commands.outbound), len(commands.inbound), proxy.done) == (1, 1, False)
    commands.outbound_taken(1)
    assert commands.unblocked()
    control.writable(commands)
    run(proxy)
    assert proxy.done
