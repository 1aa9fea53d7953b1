"""Command blocks of Markdown files, run by the shell they are written for."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands_of(file: Path) -> list[str]:
    """Lines of every ``sh`` block of a Markdown file, without comments."""
    lines = [
        line.split("  #")[0].strip()
        for block in BLOCK.findall(file.read_text())
        for line in block.splitlines()
    ]
    return [
        line
        for line in (line.split("    #")[0].strip() for line in lines)
        if line and not line.startswith("#")
    ]


def run_in(folder: Path, command: str, tools: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder, `planner` being that of this checkout and this Python."""
    tools.mkdir(exist_ok=True)
    planner = tools / "planner"
    planner.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "from planner.cli import main; main()" "$@"\n'
    )
    planner.chmod(0o755)
    env = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
