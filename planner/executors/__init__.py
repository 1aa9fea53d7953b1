"""One module a target: a plan window in, an idempotent change set out."""
