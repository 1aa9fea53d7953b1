"""Loaders for published traces with formats of their own."""
