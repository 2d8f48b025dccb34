"""The meshes that stand for a model's: real files, closed, and different for each prompt."""

from __future__ import annotations

import struct
from collections import Counter

import pytest

from simulator import mesh

VERTEX, FACE = struct.Struct("<3f3B"), struct.Struct("<B3i")


def parsed(data):
    """Vertices as (x, y, z, r, g, b), faces as three indices."""
    header, _, body = data.partition(b"end_header\n")
    lines = header.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    counts = {line.split()[1]: int(line.split()[2]) for line in lines if "element" in line}
    border = counts["vertex"] * VERTEX.size
    vertices = list(VERTEX.iter_unpack(body[:border]))
    faces = list(FACE.iter_unpack(body[border:]))
    assert len(faces) == counts["face"]
    assert {face[0] for face in faces} == {3}
    return vertices, [face[1:] for face in faces]


def volume(vertices, faces):
    total = 0.0
    for a, b, c in ([vertices[at][:3] for at in face] for face in faces):
        total += a[0] * (b[1] * c[2] - b[2] * c[1])
        total += a[1] * (b[2] * c[0] - b[0] * c[2])
        total += a[2] * (b[0] * c[1] - b[1] * c[0])
    return total / 6


@pytest.mark.parametrize("prompt", ["a chair shaped like an avocado", "a red ball", "日本", ""])
def test_a_mesh_is_closed_and_its_front_is_outside(prompt):
    vertices, faces = parsed(mesh.ply(prompt))
    assert all(0 <= at < len(vertices) for face in faces for at in face)
    edges = Counter((face[i], face[(i + 1) % 3]) for face in faces for i in range(3))
    assert set(edges.values()) == {1}
    assert all((b, a) in edges for a, b in edges)
    assert len(vertices) - len(edges) // 2 + len(faces) == 2
    assert volume(vertices, faces) > 0.1


def test_the_same_prompt_is_the_same_object():
    assert mesh.ply("a chair") == mesh.ply("a chair")


def test_prompts_and_outputs_differ():
    assert len({mesh.ply(prompt) for prompt in ("a chair", "a chair.", "a tree")}) == 3
    assert mesh.ply("a chair", 0) != mesh.ply("a chair", 1)


def test_words_choose_the_form_and_the_colour():
    tower, table = (parsed(mesh.ply(f"a {word}"))[0] for word in ("tower", "table"))
    assert max(v[2] for v in tower) > 4 * max(v[2] for v in table)
    red, green, blue = (
        sum(v[at] for v in parsed(mesh.ply("a red red cube"))[0]) for at in (3, 4, 5)
    )
    assert red > 2 * green and red > 2 * blue


def test_more_steps_are_finer():
    assert len(parsed(mesh.ply("a cat", steps=64))[1]) > len(parsed(mesh.ply("a cat", steps=8))[1])
