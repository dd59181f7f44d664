"""The corpus of each fuzz target, replayed without atheris, and random bytes besides."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"
TARGET = pytest.mark.parametrize("target", TARGETS)


def test_every_target_has_a_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


@TARGET
def test_the_corpus_passes(target: str) -> None:
    files = sorted((CORPUS / target).iterdir())
    assert len(files) >= 10
    for file in files:
        try:
            TARGETS[target](file.read_bytes())
        except BaseException as error:
            error.add_note(f"input: {file}")
            raise


@TARGET
def test_random_bytes_pass(target: str) -> None:
    given(st.binary(max_size=200))(TARGETS[target])()
