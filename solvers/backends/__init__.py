"""One `solve` over several solvers, with one status taxonomy."""
