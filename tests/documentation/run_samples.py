"""Runs the Python samples in the files named, one after the other in one interpreter, each as a
program of its own. Prints {"file": ..., "error": ...} as lines of JSON; "" where it ended well.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback


def main():
    for path in sys.argv[1:]:
        error, environment = "", dict(os.environ)
        try:
            with open(path) as file, contextlib.redirect_stdout(io.StringIO()):
                exec(compile(file.read(), path, "exec"), {"__name__": "__main__"})
        except Exception:
            error = traceback.format_exc()
        os.environ.clear()
        os.environ.update(environment)
        print(json.dumps({"file": path, "error": error}), flush=True)


main()
