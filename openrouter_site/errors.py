"""Every error a caller can meet, in one tree; its shape is the seed's ErrorResponse.

    ApiError
    +-- BadRequest 400          invalid or missing parameters
    +-- Unauthorized 401        no key, unknown, disabled or expired key
    +-- PaymentRequired 402     account or key out of credits
    +-- Forbidden 403           moderation, or not the caller's to do
    +-- NotFound 404
    +-- MethodNotAllowed 405
    +-- RequestTimeout 408      the answer took too long
    +-- Conflict 409
    +-- PayloadTooLarge 413
    +-- TooManyRequests 429
    +-- HeadersTooLarge 431
    +-- InternalError 500       ours; the text is fixed, nothing leaks
    +-- BadGateway 502          the model is down or answered rubbish
    +-- Unavailable 503         nobody fits, or we are overloaded or draining

Source: seed, section Error Handling; 404 405 409 413 per spec/decisions.md.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ApiError(Exception):
    """An error with the HTTP status `code`; `retry_after_s` becomes the Retry-After header."""

    code: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        metadata: dict[str, Any] | None = None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = metadata
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """`{"error": {"code", "message", "metadata"?}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.metadata:
            error["metadata"] = self.metadata
        return {"error": error}

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


class BadRequest(ApiError):
    code = 400


class Unauthorized(ApiError):
    code = 401


class PaymentRequired(ApiError):
    code = 402


class Forbidden(ApiError):
    code = 403


class NotFound(ApiError):
    code = 404


class MethodNotAllowed(ApiError):
    code = 405

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(f"Method not allowed. Use {' or '.join(allowed)}.")
        self.allowed = allowed

    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join((*self.allowed, "OPTIONS"))}


class RequestTimeout(ApiError):
    code = 408


class Conflict(ApiError):
    code = 409


class PayloadTooLarge(ApiError):
    code = 413


class TooManyRequests(ApiError):
    code = 429


class HeadersTooLarge(ApiError):
    code = 431


class InternalError(ApiError):
    """What an unforeseen exception becomes: a fixed text and the id to look up in the log."""

    code = 500

    def __init__(self, request_id: str) -> None:
        super().__init__("Internal server error", {"request_id": request_id})


class BadGateway(ApiError):
    code = 502


class Unavailable(ApiError):
    code = 503
