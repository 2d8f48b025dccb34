"""A process of its own that submits many holds at once and prints how they ended, as JSON.

python admit_process.py NAME COUNT AMOUNT_NANO USER_ID KEY_ID; DATABASE_URL names the ledger. Waits
for a line on stdin, so that several begin together.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")

import django  # noqa: E402

django.setup()

from ledger_rows import Person, admit, try_hold, writer_of  # noqa: E402


async def main(name, count, amount_nano, user_id, key_id):
    person = Person(user_id, f"user:{user_id}", key_id)
    folder = Path(os.environ["DATA_DIR"])
    async with writer_of(folder) as writer:
        ids = [f"gen-{name}-{number}" for number in range(count)]
        ended = await asyncio.gather(
            *(try_hold(writer, admit(person, amount_nano, id=id)) for id in ids)
        )
    return Counter(ended)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    name, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(main(name, *map(int, numbers)))), flush=True)
