"""What both ends of a hop are to each other: calls that carry JSON objects, and files."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Transport(Protocol):
    """What carries a call to the hub; raises ``SyncError`` when the answer is not a success."""

    token: str

    def get(self, call: str, **query: str | int) -> dict[str, Any]:
        """GET ``/sync/v1/<call>``; the answer's JSON object."""
        ...

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON body to ``/sync/v1/<call>``; the answer's JSON object."""
        ...

    def head(self, call: str) -> Mapping[str, str]:
        """HEAD a file; the answer's headers, named in small letters."""
        ...

    def patch(self, call: str, body: bytes, offset: int) -> Mapping[str, str]:
        """PATCH the bytes that follow ``offset``; the answer's headers."""
        ...

    def stream(self, call: str, offset: int = 0) -> AbstractContextManager[Iterator[bytes]]:
        """GET the bytes of a file from ``offset`` on, piece by piece."""
        ...
