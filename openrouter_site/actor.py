"""Who does something by a command, as records name him."""

from __future__ import annotations

import getpass


def command_actor() -> str:
    """Who runs a command of manage.py."""
    try:
        return f"command:{getpass.getuser()}"
    except (OSError, KeyError):  # in a container the user may have no name
        return "command:unknown"
