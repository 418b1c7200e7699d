"""Phones of a test: one Node process (``phone.js``) in which the real client runs for each of them.

What a phone fetches comes out as a line; a link of the test carries it, with all its faults.
"""

import base64
import json
import subprocess
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx2

from scripts.client import node
from sync.change import Change, read_change, read_erased
from sync.errors import SyncError
from sync.invitation import Invitation

PROGRAM: Final = Path(__file__).with_name("phone.js")
WAIT: Final = 60  # seconds for one line; a phone that says nothing hangs


class PhoneRefused(SyncError):
    """What the client refused, or what headquarters refused it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PhoneCrashed(Exception):  # noqa: N818 - a power cut is not an error of ours
    """The phone's program is gone; it starts anew with the next thing that is done with it."""


class Phones:
    """The process of all phones. What is done is done by one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node()[0], str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._count = 0

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(WAIT)
        self._process.stdout.close()

    def name(self) -> str:
        """A name for another phone."""
        self._count += 1
        return f"phone {self._count}"

    def do(self, phone: str, what: str, link: httpx2.BaseTransport | None, **given: Any) -> Any:
        """Let a phone do something; ``link`` carries what it asks the network for.

        :raises PhoneRefused: it refused, or was refused
        :raises PhoneCrashed: its program ended within a transaction
        """
        self._say({"phone": phone, "do": what, **given})
        while True:
            line = self._hear()
            if "fetch" in line:
                self._say({"answer": {"id": line["fetch"]["id"], **_carried(line["fetch"], link)}})
            elif "refused" in line:
                raise PhoneRefused(line["refused"], line["message"])
            elif "crashed" in line:
                raise PhoneCrashed
            else:
                assert "fault" not in line, line["fault"]
                return line["done"]

    def _say(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        text = self._process.stdout.readline()
        assert text, "the phones' process ended"
        found: dict[str, Any] = json.loads(text)
        return found


def _carried(asked: Mapping[str, Any], link: httpx2.BaseTransport | None) -> dict[str, Any]:
    assert link is not None, "this needs no network"
    request = httpx2.Request(
        asked["method"],
        asked["url"],
        headers=asked["headers"],
        content=base64.b64decode(asked["body"]),
    )
    try:
        answer = link.handle_request(request)
    except httpx2.HTTPError as error:
        return {"failed": str(error)}
    content = b"" if asked["method"] == "HEAD" else answer.read()
    return {
        "status": answer.status_code,
        "headers": [[k, v] for k, v in answer.headers.items() if k != "content-length"],
        "body": base64.b64encode(content).decode(),
    }


class Phone:
    """One phone, with what a model's device has.

    :param link: its way to headquarters or a relay
    :param base: the address of the calls there
    """

    def __init__(self, phones: Phones, link: httpx2.BaseTransport, base: str) -> None:
        self.phones = phones
        self.link = link
        self.name = phones.name()
        self.offset = timedelta()
        self.retired = False
        self.receipts: dict[str, str] = {}
        self.seen: dict[tuple[str, str], frozenset[str]] = {}
        self.files: set[str] = set()
        self.copied = ""
        self.log = PhoneLog(self)
        self.transport = SimpleNamespace(address=base, close=lambda: None)
        self._state: dict[str, Any] | None = None
        self.do("begin", base=base)

    def do(self, what: str, **given: Any) -> Any:
        """Let it do something."""
        self._state = None
        seconds = self.offset.total_seconds()
        return self.phones.do(self.name, what, self.link, offset=seconds, **given)

    @property
    def state(self) -> dict[str, Any]:
        """All that there is on it."""
        if self._state is None:
            while True:
                try:
                    self._state = self.do("state")
                    break
                except PhoneCrashed:
                    continue
        return self._state

    @property
    def signer(self) -> Any:
        """Who it is: ``device``, ``author``, and ``key.public``."""
        profile = self.state["meta"]["profile"]
        device, author = profile["device"], profile["author"]
        rows = [json.loads(row["payload"]) for row in self.state["changes"] if "payload" in row]
        keys = [row["set"].get("public_key") for row in rows if row["record"] == device]
        key = SimpleNamespace(public=next((key for key in keys if key), ""))
        return SimpleNamespace(device=device, author=author, key=key)

    def enrol(self, invitation: Invitation) -> None:
        """Use an invitation."""
        self.do("enrol", invitation=invitation.text())

    def write(self, kind: str, record: str, fields: dict[str, Any]) -> Change | None:
        """Write fields and send the record; ``None`` when it crashed, or nothing was new."""
        try:
            made = self.do("write", kind=kind, record=record, fields=fields)
        except PhoneCrashed:
            return None
        changes = [read_row(one) for one in made]
        here = [change for change in changes if set(fields) & set(change.set)]
        return here[-1] if here else None

    def draft(self, kind: str, record: str, fields: dict[str, Any]) -> None:
        """Write something that is sent later; what is here of the record has been seen."""
        try:
            here = frozenset(self.do("draft", kind=kind, record=record, fields=fields))
        except PhoneCrashed:
            return
        self.seen.update(dict.fromkeys(((record, path) for path in fields), here))

    def send(self) -> list[tuple[Change, frozenset[str]]]:
        """Cut the drafts; each change with what its author had seen of the record."""
        try:
            made = [read_row(one) for one in self.do("send")]
        except PhoneCrashed:
            return []
        found, known = [], dict(self.seen)
        for change in made:
            paths = [known.get((change.record, path)) for path in change.set]
            # What was drafted again after the phone was put back is not followed here.
            everything = frozenset(row["hash"] for row in self.state["changes"])
            seen = [everything if one is None else one for one in paths]
            found.append((change, frozenset().union(*seen)))
        return found

    def sync(self) -> str:
        """A conversation; gives the code of the error it ended with, or nothing."""
        try:
            self.do("sync")
        except PhoneRefused as error:
            return error.code
        except PhoneCrashed:
            return "crash"
        finally:
            self.remember()
        return ""

    def busy(self, kind: str, record: str, fields: dict[str, Any]) -> str:
        """A conversation while somebody writes, each field on its own."""
        try:
            self.do("busy", kind=kind, record=record, fields=fields)
        except PhoneRefused as error:
            return error.code
        except PhoneCrashed:
            return "crash"
        finally:
            self.remember()
        return ""

    def remember(self) -> None:
        """Keep what was acknowledged to this device: that must never be lost."""
        for hash_, state in self.state["receipts"].items():
            self.receipts.setdefault(hash_, state)


class PhoneLog:
    """What a test asks the log of a device."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "crash_at":
            self.phone.do("crash", when=value)
        else:
            super().__setattr__(name, value)

    def close(self) -> None:
        """Let it go."""
        self.phone.do("end")

    def rows(self) -> Iterable[dict[str, Any]]:
        """The changes on it, as they lie there."""
        rows: list[dict[str, Any]] = self.phone.state["changes"]
        return rows

    def changes_of(self, record: str) -> list[Change]:
        """All changes of a record."""
        return [change for change in map(read_row, self.rows()) if change.record == record]

    def changes_of_device(self, device: str) -> list[Change]:
        """A device's changes by number."""
        found = [change for change in map(read_row, self.rows()) if change.device == device]
        return sorted(found, key=lambda change: change.seq)

    def known(self, hashes: Iterable[str]) -> dict[str, Any]:
        """How changes were judged."""
        wanted = set(hashes)
        return {
            row["hash"]: SimpleNamespace(state=row["state"], code=row["code"])
            for row in self.rows()
            if row["hash"] in wanted
        }

    def count_unreceived(self) -> int:
        """How many changes wait for headquarters."""
        return sum(not row.get("held") for row in self.rows())


def read_row(row: Mapping[str, Any]) -> Change:
    """A change as it lies on a phone."""
    stored = row.get("state", "stored") == "stored"
    if "payload" in row:
        return read_change(row["payload"], row["signature"], row["hash"], counts=stored)
    restated = row.get("restated") if stored else None
    return read_erased(row["envelope"], row["signature"], row["hash"], restated)
