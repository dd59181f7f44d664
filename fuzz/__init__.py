"""Fuzzing of every parser that a peer or a user feeds: ``python -m fuzz --help``."""
