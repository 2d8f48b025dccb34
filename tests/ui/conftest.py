from __future__ import annotations

import pytest
from django.template import engines


@pytest.fixture
def rendered(rf):
    """`rendered('<c-badge>x</c-badge>', form=...)`: a template's text, as a page would have it."""
    from django_cotton.compiler_regex import CottonCompiler

    def render(source, **context):
        template = engines["django"].from_string(CottonCompiler().process(source))
        return " ".join(template.render(context, rf.get("/?page=2&q=ci")).split())

    return render
