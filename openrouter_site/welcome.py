"""What `make run` prints when everything is up: all that a person needs for the first request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True)
class DemoAccount:
    """The account made for trying things out; `credits` is dollars, ready to print."""

    email: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)
    credits: str


def text(
    account: DemoAccount | None,
    database_name: str,
    simulator_port: int | None,
    setup_link: str | None = None,
) -> str:
    """The block; without an account it shows no credentials, without a port no simulator."""
    queue = "Redis" if settings.REDIS_URL else f"folder {settings.DATA_DIR / 'celery'}"
    lines = ["", f"{settings.SITE_NAME} is running at {settings.SITE_URL}", ""]
    if account is not None:
        lines += [
            f"  E-mail      {account.email}",
            f"  Password    {account.password}",
            f"  API key     {account.api_key}   (${account.credits} of credits)",
        ]
    lines += [
        f"  Data        {settings.DATA_DIR}   (logs in logs/)",
        f"  Database    {database_name}",
        f"  Queue       {queue}",
    ]
    if simulator_port is not None:
        lines += [
            f"  Simulator   port {simulator_port}; it answers for the providers without a key here",
        ]
    if account is not None:
        lines += ["", "Try it:", "", _curl(account.api_key)]
    if setup_link is not None:
        lines += ["", "Nobody operates this instance yet. Make your account, once:", "", setup_link]
    lines += ["", "Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _curl(api_key: str) -> str:
    body = {
        "model": settings.DEFAULT_MODEL,
        "stream": True,
        "messages": [{"role": "user", "content": "Say hello in three languages."}],
    }
    return (
        f"curl -N {settings.SITE_URL}/api/v1/chat/completions "
        f'-H "Authorization: Bearer {api_key}" '
        f"-H \"Content-Type: application/json\" -d '{json.dumps(body)}'"
    )
