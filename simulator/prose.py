"""Sentences that read like an answer. Nothing here is clever; it only has to look right."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_WORD = re.compile(r"\w[\w'-]*")
_COMMON_WORDS = """
about after again also always and any are because been before being between both but can could
describe does done each ever explain find for from give good got had has have hello help here how
into its just keep know let like list make many maybe mean might more most much must name need not
now one only other our out over please put said say see she short should show simple some such
take tell than that the their them then there these they thing this those through time told too
two under use very want was way well were what when where which while who why will with word words
would write you your simulate work works working
"""
_COMMON = frozenset(_COMMON_WORDS.split())

OPENERS = (
    "{A} is easier to understand than it first appears.",
    "Good question. The short version is that {a} depends mostly on {b}.",
    "Let us look at {a} step by step, starting with what matters most.",
    "There are a few useful ways to think about {a}, and they all lead to {b}.",
    "In brief: {a} works because several small effects add up.",
)
MIDDLES = (
    "The first thing to notice is how closely {a} is tied to {b}.",
    "In practice, people who work with {b} tend to start small and check each step.",
    "A common mistake is to treat {a} as a single problem, when it is really several.",
    "Consider {b}: once it is clear, most of the remaining details follow.",
    "Historically, {a} was described in other words, but the idea has hardly changed.",
    "The exact figures vary, yet the pattern around {b} is remarkably stable.",
    "It helps to compare {a} with something familiar, such as a well-kept garden.",
    "Two points deserve attention here, namely the cost of {b} and the time it takes.",
    "If you change one part of {a}, expect {c} to change with it.",
    "Experts still disagree about {c}, although the evidence is growing.",
    "You can verify this yourself with a small experiment and a little patience.",
    "That is why {c} is usually mentioned in the same breath.",
)
CLOSERS = (
    "In short, begin with {a}, keep an eye on {b}, and the rest will follow.",
    "I hope this helps; I can go into more detail about {b} if you like.",
    "So, to answer the question as asked: yes, with some care about {c}.",
    "Taken together, this is most of what one needs to know about {a}.",
)
QUOTE = 'You asked: "{q}".'
RESULT = "According to the result, {q}. That should answer your question about {a}."
CONTINUED = "and that is where {a} comes in."


class Prose:
    """Writes about one question, the same for the same seed."""

    def __init__(self, question: str, seed: int) -> None:
        self.random = random.Random(seed)
        topics = [*_phrases(question), "the question", "the details", "the context"]
        self.fill = {"a": topics[0], "b": topics[1], "c": topics[2]}
        self.fill["A"] = topics[0][:1].upper() + topics[0][1:]
        words = " ".join(question.split()[:10])
        self.fill["q"] = words[:100]

    def write(self, template: str) -> str:
        return template.format_map(self.fill)

    def answer(self) -> str:
        """One to three short paragraphs, some 60 to 200 tokens."""
        paragraphs = self.random.randint(1, 3)
        middles = self._some(MIDDLES, 3 if paragraphs == 1 else 2 * paragraphs)
        opener = self.random.choice(OPENERS)
        if self.fill["q"] and self.random.random() < 0.25:
            opener = f"{QUOTE} {opener}"
        sentences = [opener, *middles, self.random.choice(CLOSERS)]
        size = -(-len(sentences) // paragraphs)
        groups = [sentences[at : at + size] for at in range(0, len(sentences), size)]
        return "\n\n".join(" ".join(map(self.write, group)) for group in groups)

    def more(self) -> str:
        """One more paragraph, for an answer of a given length."""
        return "\n\n" + " ".join(map(self.write, self._some(MIDDLES, 6)))

    def continued(self) -> str:
        return f" {self.write(CONTINUED)} {' '.join(map(self.write, self._some(MIDDLES, 4)))}"

    def of_result(self, result: str) -> str:
        quoted = " ".join(result.split())[:200].rstrip(".")
        return RESULT.format_map({**self.fill, "q": quoted})

    def _some(self, templates: Sequence[str], number: int) -> list[str]:
        return self.random.sample(templates, number)


def topic_words(text: str) -> list[str]:
    """The words a prompt is about: the longer ones, without the common ones, in order."""
    found = dict.fromkeys(
        word
        for word in _WORD.findall(text[:4_000])
        if len(word) > 2 and word.lower() not in _COMMON
    )
    return list(found)[:6]


def argument_words(text: str) -> list[str]:
    """What a model would put into arguments: topic words, then the numbers."""
    return [*topic_words(text), *re.findall(r"\b\d{1,2}\b", text[:4_000])] or ["example"]


def _phrases(text: str) -> list[str]:
    """Topic words, and two of them as one where they stand side by side: "ocean tides"."""
    result: list[str] = []
    last = ""
    for word in topic_words(text):
        if last and f"{last} {word}" in text:
            result[-1] = f"{last} {word}"
            last = ""
        else:
            result.append(word)
            last = word
    return result
