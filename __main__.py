"""The Pulumi program: one stack graph, and every resource from it."""

import signal
from pathlib import Path

from components.program import run

if __name__ == "__main__":
    # The engine interrupts its program when a resource has failed. What failed is said by then;
    # Python would add a traceback to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

run(Path(__file__).resolve().parent)
