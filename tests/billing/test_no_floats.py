"""No float touches money: read from the code itself. (The database's columns: the checker's I10.)

Floats remain where time is counted, in names that end in `_s`, and at the JSON edge, in the
functions that are named here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = (
    "billing/**/*.py", "accounts/**/*.py", "openrouter_site/money.py", "api/credits.py",
    "api/account_shapes.py", "api/key*.py", "api/payment*.py", "api/statements.py",
    "catalog/prices.py", "routing/pricing.py",
)  # fmt: skip
FILES = sorted(
    path for pattern in PATTERNS for path in ROOT.glob(pattern) if "migrations" not in path.parts
)
# Nano-dollars become a JSON number here, and nowhere else.
EDGES = {"dollars", "_dollars_or_none"}
MONEY = ("_nano", "_pico", "amount", "price", "cost", "balance", "dollars")


def parents_of(tree):
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def names_in(node):
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.keyword | ast.arg):
            yield each.arg or ""


def named(node, child):
    """What this node calls the value in `child`."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return [node.target]
    if isinstance(node, ast.Compare | ast.BinOp | ast.keyword | ast.arg):
        return [node]
    if isinstance(node, ast.arguments) and child in node.defaults:
        return [[*node.posonlyargs, *node.args][-len(node.defaults) + node.defaults.index(child)]]
    if isinstance(node, ast.arguments) and child in node.kw_defaults:
        return [node.kwonlyargs[node.kw_defaults.index(child)]]
    return []


def counts_seconds(node, parents):
    """Whether the value of this node belongs to a name of seconds."""
    child = None
    while node is not None and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for name in (name for each in named(node, child) for name in names_in(each)):
            if name.lower().endswith(("_s", "_ms", "_us")):
                return True
        child, node = node, parents.get(node)
    return False


def function_of(node, parents):
    while node is not None and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node = parents.get(node)
    return node.name if node is not None else ""


def is_money(node):
    return any(part in name.lower() for name in names_in(node) for part in MONEY)


def is_float(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def is_division(node):
    """A path is divided too, but by a text."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return False
    divisor = node.right
    if isinstance(divisor, ast.Constant):
        return not isinstance(divisor.value, str)
    return is_money(node) and not isinstance(divisor, ast.JoinedStr)


def calls(node, name):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def is_float_money(node):
    if not isinstance(node, ast.AnnAssign | ast.arg) or node.annotation is None:
        return False
    target = node.target if isinstance(node, ast.AnnAssign) else node
    return "float" in names_in(node.annotation) and is_money(target)


RULES = {
    "a float": is_float,
    "true division": is_division,
    "float()": lambda node: calls(node, "float"),
    "round() of money": lambda node: calls(node, "round") and is_money(node),
    "money that is a float": is_float_money,
}


def floats_of(source):
    """(line, what is wrong) of each use of floats that might be money."""
    tree = ast.parse(source)
    parents = parents_of(tree)
    for node in ast.walk(tree):
        for what, applies in RULES.items():
            if applies(node) and not (
                counts_seconds(node, parents) or function_of(node, parents) in EDGES
            ):
                yield node.lineno, what


@pytest.mark.parametrize("pattern", PATTERNS)
def test_where_money_is_has_not_moved(pattern):
    assert list(ROOT.glob(pattern))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_touches_money(path):
    assert list(floats_of(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "amount_nano = 0.5",
        "cost_nano = price_pico / 1000",
        "share = spent_nano / limit_nano",
        "x = float(amount_nano)",
        "x = round(cost_nano)",
        "def charge(amount_nano: float): ...",
        "cost: float = 1",
        "pay(amount_nano=1.5)",
        "if balance_nano > 0.0: ...",
    ],
)
def test_a_float_would_be_found(source):
    assert list(floats_of(source))


@pytest.mark.parametrize(
    "source",
    ["delay_s = 0.5", "def wait(ttl_s: float = 1.5): ...", "x = now_s + 0.1", "p = folder / 'a'",
     "cost_nano = price_pico // 1000", "def dollars(n): return n / NANO_PER_DOLLAR"],
)  # fmt: skip
def test_seconds_paths_and_the_edge_are_let_pass(source):
    assert list(floats_of(source)) == []
