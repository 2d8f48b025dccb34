"""Links, anchors and paths in the Markdown of the repository."""

from __future__ import annotations

import re

from samples import ROOT, tokens_of

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def links_of(path):
    return [
        child.attrGet("href")
        for token in tokens_of(path)
        if token.type == "inline"
        for child in token.children
        if child.type == "link_open"
    ]


def anchors_of(path):
    """As GitHub makes them."""
    found = {}
    tokens = tokens_of(path)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in tokens[index + 1].children)
            anchor = _NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-")
            count = found[anchor] = found.get(anchor, -1) + 1
            if count:
                found[f"{anchor}-{count}"] = 0
    return set(found)


def broken(path, link):
    """Whether a link of this file leads to no file of the repository, or to no heading there."""
    if re.match(r"\w+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and anchor not in anchors_of(target)


def spoken_paths(path):
    """What stands as code and looks like a path of the site: `/settings/keys`, `GET /api/v1/key`;
    and addresses in examples."""
    for token in tokens_of(path):
        texts = []
        if token.type == "inline":
            texts = [child.content for child in token.children if child.type == "code_inline"]
        elif token.type == "fence":
            yield from re.findall(r"http://localhost:8000(/[\w/{}.-]*)", token.content)
        for text in texts:
            yield from re.findall(r"^(?:[A-Z]+ )?(?:http://localhost:8000)?(/[\w/{}.-]*)", text)
