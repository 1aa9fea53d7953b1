"""Requests through a plan, or through the schemes of the papers: what was promised, and what happens."""
