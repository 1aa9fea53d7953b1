"""Loaders for the published files that price and profile figures come from."""
