"""How long `planner --help` takes beside a bare typer application, measured in one run.

    python tests/benchmarks/help_startup.py [RUNS]

Processes of both kinds alternate, so that load on the machine meets both; the least CPU time (user + system) of each
kind is compared. Exits 1 where the ratio is above 1.5.
"""

from __future__ import annotations

import os
import subprocess
import sys

LIMIT = 1.5  # design/ARCHITECTURE.md, "Doors"
BARE = """
import typer
app = typer.Typer()
@app.command()
def one(name: str = "x"):
    "Does one thing."
@app.command()
def two(name: str = "x"):
    "Does another."
app()
"""
PROGRAMS = {"bare typer": BARE, "planner": "from planner.cli import main; main()"}


def cpu_s(program: str) -> float:
    """CPU seconds of one process that prints its help."""
    before = os.times()
    subprocess.run([sys.executable, "-c", program, "--help"], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def measure(runs: int) -> dict[str, float]:
    """Least CPU seconds of each program over alternating runs."""
    found: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(runs):
        for name, program in PROGRAMS.items():
            found[name].append(cpu_s(program))
    return {name: min(times) for name, times in found.items()}


def main() -> None:
    """Measure, print, and fail above the limit."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    least = measure(runs)
    ratio = least["planner"] / least["bare typer"]
    for name, seconds in least.items():
        print(f"{name}: {1000 * seconds:.0f} ms CPU, least of {runs}")
    print(f"ratio: {ratio:.2f} (limit {LIMIT})")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
