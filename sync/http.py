"""The transport over HTTP: bearer token, gzip, and answers that are not the hub's recognised."""

import contextlib
import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from sync.errors import BadRequest, MethodNotAllowed, NotFound, NotReached, SyncError

GZIP_FROM = 1024
LONGEST = 6  # times the timeout that a large body is given
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_BYTES = "application/offset+octet-stream"
UNREACHED = (httpx2.HTTPError, httpx2.InvalidURL, OSError)
OFFLINE = (
    "Headquarters could not be reached. Everything is saved here; "
    "try again when there is a network."
)


class HubRefused(SyncError):
    """The hub's own refusal, with the code, sentence and status that it gave.

    ``retry_after`` are the seconds of its ``Retry-After`` (RFC 9110, section 10.2.3),
    ``offset`` is where a file there ends when bytes were sent for another place.
    """

    def __init__(
        self,
        answer: Mapping[str, Any],
        retry_after: float | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(str(answer.get("error", "The hub refused this.")))
        self.code = str(answer.get("code", "error"))
        self.status = int(answer.get("status", 400))
        self.retry = bool(answer.get("retry", False))
        self.answer = answer
        self.retry_after = retry_after
        self.offset = offset


class HttpTransport:
    """Calls one hub; :meth:`post` raises ``NotReached`` or ``HubRefused``.

    :param timeout: seconds to wait for each step of a call, and for the answer to an empty one
    :param slowest: bytes a second of the slowest network that is worth waiting for: a larger body
        is given the time that it takes there, up to ``LONGEST`` times the timeout
    :param link: what carries the bytes, when it is not a socket
    """

    def __init__(
        self,
        address: str,
        token: str = "",
        timeout: float = 30.0,
        slowest: float = 125.0,
        link: httpx2.BaseTransport | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self.token = token
        self._timeout = timeout
        self._slowest = slowest
        self._client = httpx2.Client(
            timeout=timeout, follow_redirects=False, trust_env=False, transport=link
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, call: str, **query: str | int) -> dict[str, Any]:
        """GET a call's JSON object."""
        return self._ask("GET", f"{call}?{urlencode(query)}" if query else call, None)

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON body; the answer's JSON object.

        :raises BadRequest: a text in it is not Unicode, as only a stranger's can be at a relay
        """
        try:
            data = json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise BadRequest("The body is not Unicode text.") from error
        return self._ask("POST", call, data)

    def head(self, call: str) -> dict[str, str]:
        """HEAD; the answer's headers, named in small letters."""
        return _headers(self._call("HEAD", call, dict(TUS), None))

    def patch(self, call: str, body: bytes, offset: int) -> dict[str, str]:
        """PATCH the bytes that follow ``offset``; the answer's headers, named in small letters."""
        headers = {**TUS, "Content-Type": OFFSET_BYTES, "Upload-Offset": str(offset)}
        return _headers(self._call("PATCH", call, headers, body))

    @contextlib.contextmanager
    def stream(self, call: str, offset: int = 0) -> Iterator[Iterator[bytes]]:
        """GET the bytes of a file from ``offset`` on, piece by piece."""
        headers = {**self._bearer(), "Range": f"bytes={offset}-"}
        try:
            with self._client.stream("GET", f"{self.address}/{call}", headers=headers) as answer:
                if answer.status_code not in (200, 206):
                    answer.read()
                _check(answer)
                if answer.status_code == 200 and offset:
                    raise NotReached("Headquarters did not go on where the file was cut.")
                yield answer.iter_raw()
        except UNREACHED as error:
            raise NotReached(OFFLINE) from error

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _patience(self, size: int) -> float:
        """Seconds: the system takes a body at once, so its way is waited for with the answer."""
        return self._timeout * min(1 + size / self._slowest / self._timeout, LONGEST)

    def _ask(self, method: str, call: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) > GZIP_FROM:
                body = gzip.compress(body, 6)
                headers["Content-Encoding"] = "gzip"
        return _document(self._call(method, call, headers, body))

    def _call(
        self, method: str, call: str, headers: Mapping[str, str], body: bytes | None
    ) -> httpx2.Response:
        try:
            answer = self._client.request(
                method,
                f"{self.address}/{call}",
                content=body,
                headers={**headers, **self._bearer()},
                timeout=self._patience(len(body or b"")),
            )
        except UNREACHED as error:
            raise NotReached(OFFLINE) from error
        _check(answer)
        return answer


def _check(answer: httpx2.Response) -> None:
    """Return when the hub answered, and with a success."""
    if answer.headers.get("Trial-Sync") != "1":
        raise NotReached(
            "Something else than headquarters answered (a sign-in page of this network?). "
            "Open a web page, sign in to the network, and try again."
        )
    if answer.status_code in (200, 204, 206):
        return
    refused = _object(answer) if answer.content else _from_head(answer)
    raise HubRefused(
        refused,
        _seconds(answer.headers.get("Retry-After", "")),
        _number(answer.headers.get("Upload-Offset", "")),
    )


def _from_head(answer: httpx2.Response) -> dict[str, Any]:
    """What HEAD can say of an error, which has no body."""
    status = answer.status_code
    plain = {404: NotFound.code, 405: MethodNotAllowed.code}.get(status, "error")
    code = answer.headers.get("Trial-Code", plain)
    lasting = status < 500 and status not in (401, 404, 409, 429)
    sentence = f"Headquarters does not take this ({code})."
    return {"code": code, "error": sentence, "status": status, "retry": not lasting}


def _headers(answer: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _document(answer: httpx2.Response) -> dict[str, Any]:
    document = _object(answer)
    if answer.status_code != 200 or document.get("ok") is not True:
        raise HubRefused(document, _seconds(answer.headers.get("Retry-After", "")))
    return document


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotReached("The answer was cut off. Everything is saved here; try again.")
    return document


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) < 6 else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None
