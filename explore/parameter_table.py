"""What can be set in a request to a model: each parameter in one line."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.snapshot import Model

# name -> range, default, meaning. The checks are in routing.parameters.
_WORDS = {
    "temperature": ("0 to 2", "1", "How varied answers are; 0 is the most predictable."),
    "top_p": ("above 0, to 1", "1", "Only the likeliest tokens that together reach this share."),
    "top_k": ("0 or more", "0", "Only so many of the likeliest tokens; 0 is all."),
    "frequency_penalty": ("-2 to 2", "0", "Against tokens the more often they came already."),
    "presence_penalty": ("-2 to 2", "0", "Against tokens that came already, however often."),
    "repetition_penalty": ("above 0, to 2", "1", "Against repeating the prompt's tokens."),
    "min_p": ("0 to 1", "0", "No token less likely than this share of the likeliest."),
    "top_a": ("0 to 1", "0", "As min_p, by the square of the likeliest: narrower when sure."),
    "seed": ("whole number", "", "The same request gives the same answer, as far as possible."),
    "max_tokens": ("1 or more", "", "The longest answer, and the most that it can cost."),
    "max_completion_tokens": ("1 or more", "", "The newer name of max_tokens."),
    "logit_bias": (
        "-100 to 100 each",
        "",
        "Makes single tokens, by id, more or less likely.",
    ),
    "logprobs": ("true, false", "false", "Answers tell how likely each token was."),
    "top_logprobs": (
        "0 to 20",
        "",
        "With logprobs: so many of the likeliest at each place.",
    ),
    "response_format": ("object", "text", "Answers in JSON, or by a schema of yours."),
    "stop": ("up to 16 texts", "", "The answer ends where one of these would come."),
    "tools": ("up to 128", "", "Functions that the model may ask you to call."),
    "tool_choice": ("none, auto, required, one tool", "auto", "Whether it may or must call one."),
    "parallel_tool_calls": ("true, false", "true", "Whether it may ask for several calls at once."),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """`supporting` of the `serving` endpoints take it."""

    name: str
    range: str
    default: str
    meaning: str
    supporting: int
    serving: int

    @property
    def is_everywhere(self) -> bool:
        return self.supporting == self.serving


def rows(model: Model) -> list[Parameter]:
    """In the order of the catalog. A router takes what its candidates take."""
    return [
        Parameter(
            name,
            *_WORDS.get(name, ("", "", "The provider's own.")),
            supporting=sum(name in each.supported_parameters for each in model.endpoints),
            serving=len(model.endpoints),
        )
        for name in model.supported_parameters
    ]
