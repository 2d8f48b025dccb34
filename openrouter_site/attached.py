"""Run a module that ends when its parent ends: `python -m openrouter_site.attached MODULE ARGS`.

The supervisor starts its children through this, so that none of them is left behind when the
supervisor itself is killed with SIGKILL and has no chance to stop them.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

PARENT_VARIABLE = "ATTACHED_TO"
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to send this process SIGTERM when its parent ends. Elsewhere it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def main() -> None:
    die_with_parent()
    # The parent may have ended before we asked; then nobody will tell us.
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if parent and parent != str(os.getppid()):
        return
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
