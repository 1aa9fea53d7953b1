"""Formulations, bounds and solvers: arrays in, arrays out; reads no file, prints nothing."""
