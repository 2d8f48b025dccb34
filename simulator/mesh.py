"""A 3D object that depends on its prompt: a closed mesh with colours, as a binary PLY file.

The form is a superquadric (a ball that can be a box, a cylinder or a diamond), bent, twisted and
dented; words of the prompt choose what they name, its hash the rest. The layout of the file is the
one Shap-E writes: x y z as floats, red green blue as bytes, faces as lists.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

Vector = tuple[float, float, float]
Colour = tuple[int, int, int]

_COLOURS: dict[str, Colour] = {
    "red": (205, 45, 40), "green": (80, 150, 60), "blue": (50, 90, 200), "yellow": (235, 200, 60),
    "orange": (235, 140, 50), "purple": (130, 70, 170), "pink": (235, 140, 180),
    "brown": (125, 85, 55), "black": (40, 40, 45), "white": (235, 235, 230),
    "avocado": (110, 140, 60), "banana": (240, 215, 90), "wooden": (150, 105, 65),
    "tree": (75, 125, 60), "shark": (120, 135, 150), "penguin": (45, 50, 60),
}  # fmt: skip
# Roundness along the height and around it (1 is a ball, less has corners), and the proportions.
_FORMS: dict[str, tuple[float, float, Vector]] = {
    "ball": (1.0, 1.0, (1.0, 1.0, 1.0)), "sphere": (1.0, 1.0, (1.0, 1.0, 1.0)),
    "cube": (0.1, 0.1, (1.0, 1.0, 1.0)), "box": (0.15, 0.15, (1.2, 0.8, 0.7)),
    "table": (0.1, 0.2, (1.3, 1.0, 0.35)), "chair": (0.3, 0.2, (0.8, 0.8, 1.2)),
    "tower": (0.2, 0.4, (0.5, 0.5, 1.9)), "bottle": (0.3, 1.0, (0.5, 0.5, 1.5)),
    "avocado": (1.0, 1.0, (0.8, 0.8, 1.2)), "tree": (1.2, 1.0, (0.8, 0.8, 1.5)),
    "car": (0.4, 0.3, (1.7, 0.8, 0.6)), "shark": (1.1, 1.0, (2.0, 0.6, 0.6)),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    corners: tuple[float, float]
    size: Vector
    taper: float
    twist: float
    waves: tuple[int, int, float]
    colours: tuple[Colour, Colour]


def ply(prompt: str, number: int = 0, steps: int = 32) -> bytes:
    """The object as a file; `number` tells several of one prompt apart, more steps are finer."""
    form = form_of(prompt, number)
    rings = min(12 + steps // 4, 40)
    around = 2 * rings
    vertices = list(_vertices(form, rings, around))
    faces = list(_faces(rings, around))
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_index\n"
        "end_header\n"
    )
    body = b"".join(struct.pack("<3f3B", *place, *colour) for place, colour in vertices)
    return header.encode() + body + b"".join(struct.pack("<B3i", 3, *face) for face in faces)


def form_of(prompt: str, number: int) -> Form:
    words = re.findall(r"[a-z]+", prompt.lower())
    digest = hashlib.blake2b(f"{number}:{prompt}".encode(), digest_size=8).digest()
    rng = Random(int.from_bytes(digest))
    drawn = rng.uniform(0.2, 1.4), rng.uniform(0.2, 1.4)
    size: Vector = (rng.uniform(0.6, 1.4), rng.uniform(0.6, 1.4), rng.uniform(0.6, 1.6))
    first, second, size = next(
        (_FORMS[word] for word in reversed(words) if word in _FORMS), (*drawn, size)
    )
    colours = [_COLOURS[word] for word in words if word in _COLOURS]
    while len(colours) < 2:
        colours.append((rng.randrange(60, 240), rng.randrange(60, 240), rng.randrange(60, 240)))
    return Form(
        corners=(first, second),
        size=size,
        taper=rng.uniform(-0.35, 0.35),
        twist=rng.uniform(-0.6, 0.6),
        waves=(rng.randrange(2, 7), rng.randrange(2, 5), rng.uniform(0.0, 0.12)),
        colours=(colours[0], colours[1]),
    )


def _vertices(form: Form, rings: int, around: int) -> Iterator[tuple[Vector, Colour]]:
    """Two poles, and rings between them."""
    yield _vertex(form, -math.pi / 2, 0.0)
    for ring in range(1, rings):
        height = math.pi * (ring / rings - 0.5)
        for step in range(around):
            yield _vertex(form, height, 2 * math.pi * step / around)
    yield _vertex(form, math.pi / 2, 0.0)


def _vertex(form: Form, height: float, angle: float) -> tuple[Vector, Colour]:
    first, second = form.corners
    out = _power(math.cos(height), first)
    up = _power(math.sin(height), first)
    x, y = out * _power(math.cos(angle), second), out * _power(math.sin(angle), second)
    many, rows, depth = form.waves
    dent = 1 + depth * math.cos(many * angle) * math.cos(rows * height) * math.cos(height)
    wide = (1 + form.taper * up) * dent
    turn = form.twist * up
    x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    place = (x * wide * form.size[0], y * wide * form.size[1], up * form.size[2])
    share = (up + 1) / 2
    low, high = form.colours
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return place, (red, green, blue)


def _power(value: float, exponent: float) -> float:
    """With the sign kept, so that each quarter bends alike."""
    return math.copysign(abs(value) ** exponent, value)


def _faces(rings: int, around: int) -> Iterator[tuple[int, int, int]]:
    """Triangles, all with their front outside."""
    for step in range(around):
        following = (step + 1) % around
        yield 0, 1 + following, 1 + step
        for ring in range(rings - 2):
            below, above = 1 + ring * around, 1 + (ring + 1) * around
            yield below + step, below + following, above + following
            yield below + step, above + following, above + step
        last = 1 + (rings - 2) * around
        yield last + step, last + following, 1 + (rings - 1) * around
