"""What the body of an HTTP reply holds."""

from __future__ import annotations

from typing import Any

from sycoprobe.errors import BackendError
from sycoprobe.extract.replies import json_from
from sycoprobe.turns import ErrorKind


def json_of(body: bytes, *, strict: bool = True) -> Any:
    """What a body holds; where it is no JSON, None or (`strict`) a `BackendError`."""
    try:
        return json_from(body)
    except (ValueError, RecursionError):
        if strict:
            raise BackendError("the body is not JSON", kind=ErrorKind.BAD_BODY, retryable=True) from None
        return None


def error_of(data: Any) -> dict[str, Any]:
    """The error object in a body, whatever its shape."""
    error = data.get("error", data) if isinstance(data, dict) else None
    return error if isinstance(error, dict) else {"message": str(error)} if error else {}
