"""What a run does in the gateway's database, in a process of its own.

prepare BASE_URL        tables, catalogue, the provider, an account; prints its key
commits START,END ...   operations and commits between these Unix seconds, as JSON
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

EMAIL = "bench@example.com"
MODEL = "bench/mock"


def prepare(base_url: str) -> str:
    """The key of an account with plenty of credits, in a database that is ours alone."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    _refuse_others_data()
    call_command("load_catalog", verbosity=0, stdout=StringIO())
    call_command("add_provider", name="Bench", base_url=base_url, cancels=True, stdout=StringIO())
    call_command(
        "add_endpoint", provider="Bench", model=MODEL, upstream_model="mock",
        prompt_price="0.15", completion_price="0.60", context=32_768, stdout=StringIO(),
    )  # fmt: skip
    output = StringIO()
    call_command("createkey", email=EMAIL, credits="1000000", stdout=output)
    return output.getvalue().strip()


def _refuse_others_data() -> None:
    from accounts.models import User

    if User.objects.exclude(email=EMAIL).exists():
        sys.exit("This database has accounts in it: give --database an empty one.")


def commits(windows: Iterable[tuple[float, float]]) -> list[dict[str, Any]]:
    """How many operations the writer took into one commit, on average.

    All that one batch writes has the same moment, so distinct moments are commits.
    """
    from billing.models import Hold, Transfer

    found = []
    for start_s, end_s in windows:
        span = (datetime.fromtimestamp(start_s, UTC), datetime.fromtimestamp(end_s, UTC))
        admits = Hold.objects.filter(created_at__range=span).values_list("created_at", flat=True)
        captures = Transfer.objects.filter(kind="capture", created_at__range=span)
        settles = list(captures.values_list("created_at", flat=True))
        moments = [*admits, *settles]
        found.append({"operations": len(moments), "commits": len(set(moments))})
    return found


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrouter_site.settings")
    import django

    django.setup()
    task, *arguments = sys.argv[1:]
    if task == "prepare":
        print(prepare(arguments[0]))
    else:
        spans = [tuple(map(float, argument.split(","))) for argument in arguments]
        print(json.dumps(commits((start, end) for start, end in spans)))


if __name__ == "__main__":
    main()
