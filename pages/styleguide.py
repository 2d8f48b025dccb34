"""All components in all their states, where DEBUG is on: /_styleguide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ui import charts, format, scales, snippets


class _Example(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="We send a link there.")
    name = forms.CharField(max_length=40)
    is_public = forms.BooleanField(label="Public", help_text="Everybody sees it.", required=False)


_DAYS = 30
_MODELS = (
    "openai/gpt-4o", "anthropic/claude-3-haiku", "meta-llama/llama-3-70b-instruct",
    "mistralai/mixtral-8x22b-instruct", "google/gemini-flash-1.5", "deepseek/deepseek-chat",
    "nousresearch/nous-capybara-7b:free", "alpindale/goliath-120b", "cohere/command-r",
    "perplexity/sonar", "qwen/qwen-2-72b", "gryphe/mythomax-l2-13b",
)  # fmt: skip


def _spend() -> dict[str, list[int]]:
    """Numbers that look like spending: the same at every call."""
    return {
        model: [(day * 37 + rank * 91) % 97 * 10_000_000 // (rank + 1) for day in range(_DAYS)]
        for rank, model in enumerate(_MODELS)
    }


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    series = scales.stack(_spend(), 5)
    labels = [f"{day} Jun" for day in range(1, _DAYS + 1)]
    points = [
        charts.Point(model, 0.1 * (number + 1) ** 1.8, 20 + (number * 53) % 90)
        for number, model in enumerate(_MODELS[:8])
    ]
    now = datetime.now(UTC)
    context = {
        "form": _Example({"email": "alice", "name": "Alice", "is_public": "on"}),
        "unbound": _Example(),
        "series": series,
        "bars": charts.both_widths(
            lambda width, height: charts.stacked_bars(
                series, labels, "Spend by model, 30 days", format.money, width=width, height=height
            )
        ),
        "scatter": charts.both_widths(
            lambda width, height: charts.scatter(
                points, "Price and throughput", lambda price: f"${price:g}", str,
                width=width, height=height,
            )
        ),
        "shares": [1.0] * 14 + [0.95, 1.0, 0.4, None, None] + [1.0] * 5,
        "daily": [3, 5, 4, 8, 13, 9, 11, 15, 12, 18, 16, 21, 19, 24],
        "page": Paginator(range(1204), 50).page(2),
        "moments": [now, now - timedelta(minutes=5), now + timedelta(days=3), None],
        "options": [("day", "Daily"), ("week", "Weekly"), ("month", "Monthly")],
        "links": [
            {"value": "all", "label": "All", "href": "?tab=all", "count": 12},
            {"value": "mine", "label": "Mine", "href": "?tab=mine", "count": ""},
            {"value": "apps", "label": "Apps", "href": "?tab=apps", "count": 3},
        ],
        "crumbs": [{"label": "Keys", "href": "/"}, {"label": "ci", "href": ""}],
        "snippets": snippets.chat("http://localhost:8000", "openai/gpt-3.5-turbo"),
        "curl": "curl http://localhost:8000/api/v1/models",
        "avatars": _MODELS,
    }  # fmt: skip
    return render(request, "styleguide.html", context)
