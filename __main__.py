"""The Pulumi program: one stack graph, and every resource from it."""

import signal
from pathlib import Path

from components.preflight import Preflight
from components.program import run

preflight = None
if __name__ == "__main__":
    # The engine interrupts its program when a resource has failed. What failed is said by then;
    # Python would add a traceback to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A plan runs this file under another name, and looks at no host and no registry.
    preflight = Preflight()

run(Path(__file__).resolve().parent, preflight)
