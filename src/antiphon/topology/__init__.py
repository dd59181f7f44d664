"""Descriptions of who binds and who connects, and what is wrong with one (N4)."""

from antiphon.topology.description import SocketPlan, Topology, TopologyError, read_topology
from antiphon.topology.lint import ERROR, WARNING, Finding, lint

__all__ = (
    "ERROR",
    "WARNING",
    "Finding",
    "SocketPlan",
    "Topology",
    "TopologyError",
    "lint",
    "read_topology",
)
