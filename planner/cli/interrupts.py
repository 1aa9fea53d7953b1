"""Ctrl-C while a solver runs.

Python acts on a signal between two of its own instructions; a solver may stay in native code for minutes. The
signal's byte on a pipe wakes a thread, which gives Python a moment and then ends the process. Files are
written whole or not at all, so nothing is left half done.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from planner.errors import EXIT_INTERRUPTED

PATIENCE_S = 2.0  # long enough for Python's own clean-up, short enough for a person


def exit_soon_after_interrupt() -> None:
    """From now on SIGINT ends the process with code 130 within `PATIENCE_S`, whatever it is doing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True, name="interrupts").start()


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    time.sleep(PATIENCE_S)
    _stop_workers()
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar may have hidden it
    sys.stderr.write(f"{show_cursor}planner: interrupted; no file is left half written.\n")
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)


def _stop_workers() -> None:
    """End the processes that this one started to solve side by side, where it started any."""
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for worker in active_children():
            worker.kill()
