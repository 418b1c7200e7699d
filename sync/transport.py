"""What both ends of a hop are to each other: calls that carry JSON objects, and files."""

from collections.abc import Mapping
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
