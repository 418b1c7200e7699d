"""The transport over HTTP: bearer token, gzip, and answers that are not the hub's recognised."""

import gzip
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from sync.errors import NotReached, SyncError

GZIP_FROM = 1024


class HubRefused(SyncError):
    """The hub's own refusal, with the code, sentence and status that it gave.

    ``retry_after`` are the seconds of its ``Retry-After`` (RFC 9110, section 10.2.3).
    """

    def __init__(self, answer: Mapping[str, Any], retry_after: float | None = None) -> None:
        super().__init__(str(answer.get("error", "The hub refused this.")))
        self.code = str(answer.get("code", "error"))
        self.status = int(answer.get("status", 400))
        self.retry = bool(answer.get("retry", False))
        self.answer = answer
        self.retry_after = retry_after


class HttpTransport:
    """Calls one hub; :meth:`post` raises ``NotReached`` or ``HubRefused``."""

    def __init__(self, address: str, token: str = "", timeout: float = 30.0) -> None:
        self.address = address.rstrip("/")
        self.token = token
        self._client = httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, call: str, **query: str | int) -> dict[str, Any]:
        """GET a call's JSON object."""
        return self._ask("GET", f"{call}?{urlencode(query)}" if query else call, None)

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON body; the answer's JSON object."""
        return self._ask("POST", call, json.dumps(body, ensure_ascii=False).encode())

    def _ask(self, method: str, call: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) > GZIP_FROM:
                body = gzip.compress(body, 6)
                headers["Content-Encoding"] = "gzip"
        try:
            answer = self._client.request(
                method, f"{self.address}/{call}", content=body, headers=headers
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise NotReached(
                "Headquarters could not be reached. Everything is saved here; "
                "try again when there is a network."
            ) from error
        if answer.headers.get("Trial-Sync") != "1":
            raise NotReached(
                "Something else than headquarters answered (a sign-in page of this network?). "
                "Open a web page, sign in to the network, and try again."
            )
        return _document(answer)


def _document(answer: httpx2.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotReached("The answer was cut off. Everything is saved here; try again.")
    if answer.status_code != 200 or document.get("ok") is not True:
        raise HubRefused(document, _seconds(answer.headers.get("Retry-After", "")))
    return document


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) < 6 else None
