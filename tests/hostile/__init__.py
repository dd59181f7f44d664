"""Peers that mean harm, and a legitimate client that must not notice."""
