"""What programs that read are told: /llms.txt, the list of pages, and /llms-full.txt, all of them.

The form is that of llmstxt.org.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from documentation import library
from documentation.addresses import filled_in_text
from documentation.outline import GROUPS
from ui.site_address import base_url

_TEXT = "text/plain; charset=utf-8"


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Each page in Markdown, with its first sentences."""
    address = base_url(request)
    lines = [f"# {settings.SITE_NAME}", "", f"> {_summary(address)}"]
    for group in GROUPS:
        lines += ["", f"## {group.label}", ""]
        for entry in group.entries:
            page = library.page(entry.slug)
            if page is not None:
                link = f"{address}{reverse('docs-markdown', args=[page.slug])}"
                lines.append(f"- [{page.title}]({link}): {page.description}")
    description = f"{address}{reverse('openapi')}"
    lines += ["", "## Calls", "", f"- [OpenAPI]({description}): every call, for programs"]
    return HttpResponse(filled_in_text("\n".join(lines) + "\n", address), content_type=_TEXT)


@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All pages in reading order, in one file."""
    text = "\n\n---\n\n".join(page.text.strip() for page in library.pages())
    return HttpResponse(filled_in_text(text + "\n", base_url(request)), content_type=_TEXT)


def _summary(address: str) -> str:
    return (
        "One OpenAI-compatible API for many language models and providers, with accounts, credits"
        f" and routing by price and health. The base URL is {address}/api/v1."
    )
