"""What one attempt came to, as the generation's record and the answer's metadata show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Attempt:
    """One endpoint tried. `status` as in HTTP; 0 when no answer came.

    `credential` is the label of the one that was used, where the provider has several, or where it
    is the caller's own (`is_byok`).
    """

    model: str
    provider: str
    status: int
    ms: int
    error: str = ""
    credential: str = ""
    is_byok: bool = False

    def as_json(self) -> dict[str, Any]:
        document = {
            "model": self.model, "provider": self.provider, "status": self.status, "ms": self.ms,
        }  # fmt: skip
        if self.credential:
            document["credential"] = self.credential
        if self.is_byok:
            document["is_byok"] = True
        return document | {"error": self.error} if self.error else document
