"""Which pages the documentation has, for whom, in reading order. A page is a file in docs/."""

from __future__ import annotations

from dataclasses import dataclass

INDEX = "index"


@dataclass(frozen=True, slots=True)
class Entry:
    """`slug` is the name of the file without `.md`; `label` what the menu calls it."""

    slug: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """Pages for one reader or one purpose, as the menu shows them."""

    label: str
    entries: tuple[Entry, ...]


def _group(label: str, **entries: str) -> Group:
    return Group(
        label, tuple(Entry(slug.replace("_", "-"), name) for slug, name in entries.items())
    )


GROUPS = (
    _group(
        "Start",
        index="Overview",
        quick_start="Quick start",
        authentication="Keys and headers",
        models="Models",
    ),
    _group(
        "Requests",
        requests="Requests",
        responses="Responses",
        streaming="Streaming",
        parameters="Parameters",
        prompts="Prompts",
        images="Images",
        tools="Tools",
        structured_outputs="JSON",
        objects="3D objects",
        errors="Errors",
    ),
    _group(
        "Routing",
        routing="Provider routing",
        model_routing="Model routing",
        limits="Limits and credits",
    ),
    _group(
        "Apps",
        integrations="Frameworks",
        pkce="Sign in with this server",
        attribution="App attribution",
    ),
    _group(
        "Your account",
        security="Signing in",
        keys="Keys",
        members="Members",
        credits="Credits",
        activity="Activity",
        playground="Playground",
        byok="Own provider keys",
        privacy="Privacy",
        settings="Settings",
    ),
    _group(
        "Operating",
        self_hosting="Self-hosting",
        configuration="Configuration",
        operations="Operations",
        accounts="Accounts",
        providers="Providers",
        credentials="Credentials",
        moderation="Moderation",
        money="Money",
        payments="Payments",
        rankings="Rankings",
    ),
)

SLUGS = tuple(entry.slug for group in GROUPS for entry in group.entries)


def group_of(slug: str) -> Group:
    """Raises KeyError for a page that is not listed."""
    for group in GROUPS:
        if any(entry.slug == slug for entry in group.entries):
            return group
    raise KeyError(slug)


def neighbours(slug: str) -> tuple[str | None, str | None]:
    """The pages before and after it in reading order."""
    at = SLUGS.index(slug)
    return (
        SLUGS[at - 1] if at > 0 else None,
        SLUGS[at + 1] if at + 1 < len(SLUGS) else None,
    )
