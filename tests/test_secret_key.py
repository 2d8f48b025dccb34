"""The first start: several processes at once, no SECRET_KEY, an empty DATA_DIR."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = "from openrouter_site import settings; print(settings.SECRET_KEY)"


def test_processes_that_start_together_agree_on_one_secret_key(tmp_path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": ""}
    several = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(6)
    ]
    said = {process.communicate(timeout=60)[0] for process in several}
    assert len(said) == 1
    assert said.pop().strip() == (tmp_path / "data" / "secret_key").read_bytes()
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "data").glob("secret_key*")] == ["secret_key"]
