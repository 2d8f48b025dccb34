"""A catalog for the tests of the public site, its statistics, and what a page says."""

from __future__ import annotations

import re
from html import unescape

import api_rows as rows
from django.utils import timezone
from statistic_builders import HOUR_S, hour, statistic

from catalog.models import Endpoint, Provider
from routing.models import ProcessReport

LLAMA = "meta-llama/llama-3-8b"
PAGE = f"/{LLAMA}"
PARAMETERS = ["temperature", "max_tokens", "response_format"]


def llama(*offers, **fields):
    """The model, and its endpoints by provider: each (name, dollars per 1M tokens, fields)."""
    values = {"name": "Meta: Llama 3 8B", "supported_parameters": PARAMETERS, **fields}
    model = rows.model(LLAMA, 8192, **values)
    return {
        name: rows.endpoint(
            model, of_name(name, **more.pop("provider", {})), each_token(price), each_token(price),
            **({"supported_parameters": PARAMETERS} | more),
        )
        for name, price, more in offers
    }  # fmt: skip


def of_name(name, **fields):
    slug = name.lower().replace(" ", "-")
    honest = {"may_train": False, "retains_prompts": False}
    return Provider.objects.filter(slug=slug).first() or rows.provider(
        name, slug, **(honest | fields)
    )


def each_token(dollars_per_million):
    return f"{dollars_per_million / 1e6:.9f}"


def three():
    """Together the cheapest, then DeepInfra; Lynn may train."""
    return llama(
        ("Together", 1, {}),
        ("DeepInfra", 2, {}),
        ("Lynn", 3, {"provider": {"may_train": True, "retains_prompts": True}}),
    )


def used(endpoint, days_ago=0, **counts):
    """What an hour (of today: a minute) saw of an endpoint."""
    now_s = timezone.now().timestamp()
    if days_ago:
        hour(24 * HOUR_S * days_ago, endpoint_id=endpoint.pk, now_s=now_s, **counts)
    else:
        statistic(endpoint_id=endpoint.pk, now_s=now_s, **counts)


def failing(*endpoints):
    ProcessReport.objects.create(
        instance_id="alice", at=timezone.now(),
        troubles=[[endpoint.pk, 3, 0, 0.0, False] for endpoint in endpoints],
    )  # fmt: skip


def gone(endpoint):
    Endpoint.objects.filter(pk=endpoint.pk).update(enabled=False)


def text_of(html):
    """What one reads, without tags and with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def main_of(answer):
    """The markup of the page between its bars."""
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def table_rows(html, label):
    """The rows of the table with this label, each as its words."""
    table = html.partition(f'aria-label="{label}"')[2].partition("</table>")[0]
    body = table.partition("<tbody")[2]
    return [text_of(f"<tr{row}") for row in body.split("<tr")[1:]]
