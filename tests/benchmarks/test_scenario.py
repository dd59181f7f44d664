"""Ratios, medians, and contenders that are not there."""

import pytest

from benchmarks.scenario import (
    Bound,
    Contender,
    Figures,
    Runs,
    Scenario,
    Unavailable,
    measure,
    medians,
)

RUNS: Runs = {
    "ours": [{"rate": 30.0}, {"rate": 10.0}, {"rate": 20.0}],
    "peer": [{"rate": 10.0}, {"rate": 10.0}, {"rate": 40.0}],
}


def test_the_ratio_is_that_of_the_medians() -> None:
    bound = Bound("rate", "ours", "peer", at_least=2)
    assert bound.ratio(medians(RUNS)) == 2.0
    assert bound.each(RUNS) == [3.0, 1.0, 0.5]
    assert bound.holds(2.0)
    assert not bound.holds(1.9)
    assert str(bound) == ">= 2"


def test_without_a_peer_it_is_the_figure_itself() -> None:
    bound = Bound("rate", "ours", at_most=20)
    assert bound.ratio(medians(RUNS)) == 20.0
    assert bound.each(RUNS) == [30.0, 10.0, 20.0]
    assert not bound.holds(20.5)


@pytest.mark.parametrize("bound", [Bound("rate", "ours", "x"), Bound("rate", "x", "peer")])
def test_there_is_no_ratio_without_both(bound: Bound) -> None:
    assert bound.ratio(medians(RUNS)) is None
    assert bound.each(RUNS) == []


def test_contenders_run_in_turn_and_who_is_missing_is_told_once() -> None:
    order = []

    def here(requests: int) -> Figures:
        order.append(requests)
        return {"rate": 1.0}

    def missing(_requests: int) -> Figures:
        raise Unavailable("install it")

    contenders = (Contender("here", here), Contender("missing", missing))
    scenario = Scenario("name", "title", 10, contenders, ())
    told = []
    *_, runs = measure(scenario, 2, 7, lambda *what: told.append(what))
    assert runs == {"here": [{"rate": 1.0}, {"rate": 1.0}]}
    assert order == [7, 7]
    assert told == [("missing", "install it")]
