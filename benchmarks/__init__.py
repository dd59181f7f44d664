"""Antiphon beside its peers, in turn in one run: ``python -m benchmarks --help``."""
