"""3D objects: POST /objects/generations."""

from __future__ import annotations

from documentation.openapi.operation import Access, Content, Group, Operation
from documentation.openapi.schema import (
    integer,
    listing,
    one_of,
    optional_fields,
    record,
    ref,
    text,
)
from routing.media_request import DEFAULT_MODEL, OUTPUTS_MAX, PROMPT_CHARACTERS_MAX, STEPS_MAX

_REQUEST = record(
    {
        "prompt": text("What the object should be.", minLength=1, maxLength=PROMPT_CHARACTERS_MAX),
        **optional_fields(
            {
                "model": text(f"`{DEFAULT_MODEL}` by default.", minLength=1, maxLength=256),
                "num_inference_steps": integer(
                    "32 by default. The price is in proportion to them.", 1, STEPS_MAX
                ),
                "num_outputs": integer("How many objects: 1 by default.", 1, OUTPUTS_MAX),
                "extension": one_of("The file format.", "ply"),
            }
        ),
    },
    "Unknown fields are ignored.",
    required=("prompt",),
)

_OBJECT = record(
    {"uri": text("The file, as base64."), "url": text("Where the file is, instead.")},
    "One of the two is there.",
    required=(),
)

_GENERATE = Operation(
    "post",
    "/objects/generations",
    "generateObjects",
    "Objects from a text",
    "Makes 3D objects. What is delivered is charged; when nothing comes, nothing is.",
    Access.INFERENCE,
    (
        Content(
            record({"generations": listing(ref("GeneratedObject"))}),
            {"generations": [{"uri": "cGx5CmZvcm1hdCBiaW5hcnlfbGl0dGxlX2VuZGlhbiAxLjAK"}]},
        ),
    ),
    body=Content(
        ref("ObjectRequest"),
        {
            "prompt": "a chair shaped like an avocado", "num_inference_steps": 32,
            "num_outputs": 1, "extension": "ply", "model": DEFAULT_MODEL,
        },
    ),
    errors={
        400: "A parameter is wrong, or the model makes no 3D objects.",
        402: "The credits are fewer than the price.",
        408: "",
        429: "A rate limit is reached, or the provider is too busy.",
        502: "",
        503: "Nobody serves the model, or the server is overloaded or about to restart.",
    },
    headers={"X-Generation-Id": text("The id of the generation, with errors too.")},
)  # fmt: skip

GROUP = Group(
    "objects",
    "3D objects",
    "Make a file for a 3D viewer from a description.",
    (_GENERATE,),
    {"ObjectRequest": _REQUEST, "GeneratedObject": _OBJECT},
)
