"""Scenario in, certified plan out: the product of the project."""
