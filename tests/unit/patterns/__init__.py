"""Patterns without connections."""
