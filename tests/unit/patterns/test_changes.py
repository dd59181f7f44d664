"""Changes that wait: in order, and few of them when nobody looks."""

from antiphon.patterns.changes import Changes


def taken(changes: Changes) -> list[bytes]:
    return [changes.take()[0] for _ in range(len(changes))]


def test_changes_come_in_order_and_repeated() -> None:
    changes = Changes()
    parts = [b"\x01A", b"\x01A", b"\x00A", b"\x01A", b"\x00B"]
    for part in parts:
        assert changes.add(part, True, 0)
    assert taken(changes) == parts
    assert len(changes) == 0


def test_at_the_limit_repetitions_are_refused() -> None:
    changes = Changes()
    assert [changes.add(b"\x01A", n == 0, 2) for n in range(4)] == [True, True, False, False]
    assert changes.take() == (b"\x01A", None)
    assert changes.add(b"\x01A", False, 2)
    assert taken(changes) == [b"\x01A", b"\x01A"]


def test_at_the_limit_a_change_takes_back_what_it_undoes() -> None:
    changes = Changes()
    for part in (b"\x01A", b"\x01B", b"\x01C"):
        changes.add(part, True, 3)
    changes.add(b"\x00B", True, 3)
    assert taken(changes) == [b"\x01A", b"\x01C"]


def test_a_change_takes_back_repetitions_too_but_nothing_older_than_its_like() -> None:
    changes = Changes()
    for part, news in ((b"\x01A", 1), (b"\x00A", 1), (b"\x01A", 1), (b"\x01A", 0)):
        changes.add(part, bool(news), 4)
    changes.add(b"\x00A", True, 4)
    assert taken(changes) == [b"\x01A", b"\x00A"]


def test_what_was_told_cannot_be_taken_back() -> None:
    changes = Changes()
    changes.add(b"\x01A", True, 1)
    changes.take()
    changes.add(b"\x01B", True, 1)
    changes.add(b"\x00A", True, 1)
    assert taken(changes) == [b"\x01B", b"\x00A"]
