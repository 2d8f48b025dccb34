"""One look at each component: what it is given arrives, escaped, and named for those who hear."""

from __future__ import annotations

from pathlib import Path

import pytest
from django import forms
from django.core.paginator import Paginator

from ui.scales import stack

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "cotton"


class Form(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="We write there.")
    is_public = forms.BooleanField(label="Public", required=False)


ITEMS = [
    {"value": "a", "label": "Alpha", "href": "?tab=a", "count": 3},
    {"value": "b", "label": "Beta", "href": "", "count": ""},
]
CONTEXT = {
    "form": Form({"email": "no", "is_public": "on"}),
    "items": ITEMS,
    "pairs": [("day", "Daily"), ("week", "Weekly")],
    "page": Paginator(range(120), 50).page(2),
    "values": [1, 2, 3],
    "series": stack({"a/b": [1]}),
    "text": "<b>&",
    "snippets": [{"value": "curl", "label": "curl", "text": "curl <url>"}],
}

# What is written, and what must be in the answer.
CASES = {
    "avatar": ('<c-avatar name="meta-llama" />', ["avatar-a", ">ML<"]),
    "badge": ('<c-badge kind="ok">{{ text }}</c-badge>', ["badge-ok", "&lt;b&gt;&amp;"]),
    "breadcrumb": ('<c-breadcrumb :items="items" />', ['href="?tab=a"', 'aria-current="page"']),
    "button": (
        '<c-button variant="primary" icon="plus" data-x="1">Create</c-button>',
        ["button-primary", 'type="button"', "#plus", 'data-x="1"', "Create</button>"],
    ),
    "callout": ('<c-callout kind="warn" title="Low">!</c-callout>', ["callout-warn", "Low"]),
    "card": (
        '<c-card title="Keys">body<c-slot name="foot">under</c-slot></c-card>',
        ["<h2>", "Keys", "card-body", "card-foot"],
    ),
    "code": (
        '<c-code language="curl" id="c1" :text="text" />',
        ['<code id="c1">&lt;b&gt;&amp;</code>', 'data-from="c1"'],
    ),
    "code_tabs": (
        '<c-code_tabs id="q" :snippets="snippets" />',
        ['data-tab="1"', 'data-panel="1"', "curl &lt;url&gt;"],
    ),
    "copy": (
        '<c-copy text="{{ text }}" label="id" shown />',
        ['data-text="&lt;b&gt;&amp;"', 'aria-label="Copy id"', '<span class="id">'],
    ),
    "dialog": (
        '<c-dialog id="d" title="Delete?" :open="True">Now.</c-dialog>',
        ['<dialog class="dialog" id="d" aria-labelledby="d-title" data-open', "Now."],
    ),
    "empty": (
        '<c-empty title="No keys">A key spends.<c-slot name="actions">go</c-slot></c-empty>',
        ["<h2>No keys</h2>", "A key spends.", "empty-actions"],
    ),
    "error_card": (
        '<c-error_card title="No" code="429" fault="Mancer" generation="gen-1">why</c-error_card>',
        ['role="alert"', "429", "Mancer", "not charged", "gen-1", "why"],
    ),
    "field": (
        '<c-field :field="form.email" />',
        [
            'for="id_email"',
            "We write there.",
            'id="id_email_error"',
            "Enter a valid",
            "aria-invalid",
        ],
    ),
    "icon": ('<c-icon name="copy" label="Copy" />', ['role="img"', 'aria-label="Copy"', "#copy"]),
    "kbd": ("<c-kbd>/</c-kbd>", ["<kbd"]),
    "legend": ('<c-legend :series="series" />', ["fill-c1", "a/b"]),
    "menu": ('<c-menu text="More"><a href="/x">X</a></c-menu>', ["<summary", "More", 'href="/x"']),
    "meter": (
        '<c-meter :part="90" :whole="100" label="Spent">$90</c-meter>',
        ["meter-warn", 'aria-valuenow="90"', 'width="90"', "$90"],
    ),
    "model_chip": (
        '<c-model_chip id="openai/gpt-4o:free" name="GPT-4o" variant="free" href="/m" />',
        ['href="/m"', "GPT-4o", "free", 'title="openai/gpt-4o:free"'],
    ),
    "pager": (
        '<c-pager :page="page" what="keys" />',
        ["51–100 of 120 keys", 'href="?q=ci&amp;page=1"', 'href="?q=ci&amp;page=3"'],
    ),
    "policy_tag": ("<c-policy_tag />", ["Unknown", "we assume that it may train"]),
    "price": ('<c-price :pico="487500" :list_pico="650000" />', ["<s>", "$0.65", "$0.4875"]),
    "share": ('<c-share width="40" colour="c3">40%</c-share>', ["fill-c3", 'width="40"', "40%"]),
    "segmented": (
        '<c-segmented label="Reset" name="reset" :options="pairs" value="week" />',
        ["<legend", 'value="week" checked', "Weekly"],
    ),
    "select": (
        '<c-select label="Reset" name="reset" :options="pairs" value="week" help="In UTC." />',
        ['for="reset"', 'value="week" selected', 'aria-describedby="reset-help"'],
    ),
    "sparkline": ('<c-sparkline :values="values" title="Tokens" />', ['aria-label="Tokens"']),
    "stat": ('<c-stat label="Spend" value="$41.07">up</c-stat>', ["Spend", "$41.07", "stat-delta"]),
    "switch": (
        '<c-switch :field="form.is_public" />',
        ['role="switch"', 'for="id_is_public"', "checked", 'name="is_public"'],
    ),
    "table": (
        '<c-table label="Keys" cards><tbody></tbody></c-table>',
        ['tabindex="0"', 'aria-label="Keys"', "table-cards"],
    ),
    "tabs": (
        '<c-tabs label="Views" :items="items" current="a" />',
        ['href="?tab=a" aria-current="page"', "Alpha", "3</span>"],
    ),
    "th": (
        '<c-th href="?sort=x" direction="descending" num>Price</c-th>',
        ['aria-sort="descending"', 'href="?sort=x"', "Price"],
    ),
    "toast": ('<c-toast kind="success">{{ text }}</c-toast>', ["toast-success", "&lt;b&gt;&amp;"]),
    "uptime": ('<c-uptime :shares="values" title="Up 99%" />', ['aria-label="Up 99%"', "up-ok"]),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_component(rendered, name):
    source, expected = CASES[name]
    html = rendered(source, **CONTEXT)
    for part in expected:
        assert part in html, html
    assert "style=" not in html and " on" + "click" not in html


def test_every_component_is_looked_at():
    assert {path.stem for path in FOLDER.glob("*.html")} == set(CASES)


def test_a_field_by_hand_ties_its_error_to_its_input(rendered):
    html = rendered(
        '<c-field label="Name" name="name" value="{{ text }}" error="Give one." />', **CONTEXT
    )
    assert 'aria-describedby="name-error" aria-invalid="true"' in html
    assert 'id="name-error"' in html and 'value="&lt;b&gt;&amp;"' in html


def test_components_see_nothing_of_the_page_around_them(rendered):
    assert "secret" not in rendered("<c-badge />", slot="secret", kind="secret", text="secret")


def test_a_full_meter_is_bad_and_an_empty_one_is_not(rendered):
    assert "meter-bad" in rendered('<c-meter :part="120" :whole="100">x</c-meter>')
    empty = rendered('<c-meter :part="0" :whole="0">x</c-meter>')
    assert "meter-bad" not in empty and 'aria-valuenow="0"' in empty
