"""A simulated world for tests: machines in one process, a virtual clock, faults from a seed."""

from antiphon.testing.network import Faults, Machine, StuckError, World
from antiphon.testing.socket import SimulatedSocket

__all__ = ("Faults", "Machine", "SimulatedSocket", "StuckError", "World")
