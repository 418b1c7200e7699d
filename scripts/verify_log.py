"""Check a log of Trial Observer with none of its code: python verify_log.py LOG.db [--hub KEY].

Needs Python and PyNaCl (pip install pynacl), reads only. The formats are in docs/verifying.md. All
rests on one thing you must have by another way: the fingerprint of headquarters' key, for --hub.
Exit code 0: sound. 1: not, and the first wrong change is named; or this is no log.
"""

import base64
import hashlib
import json
import pathlib
import sqlite3
import sys
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey


class Wrong(Exception):  # noqa: N818
    """The first thing wrong with a change; one that follows from another fault is ``late``."""


def sha256(text: str) -> str:
    """The hash that names a change: lowercase hex SHA-256 of its UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def unpacked(text: str) -> bytes:
    """The bytes of base64url without padding; only its one canonical spelling is taken."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("not canonical base64url")
    return data


def signed(key: str, purpose: str, row: Any) -> bool:
    """Whether the Ed25519 signature of a row's payload holds, made for this purpose."""
    try:
        message = f"trial-sync/1 {purpose}\n{row['payload']}".encode()
        VerifyKey(unpacked(key)).verify(message, unpacked(row["signature"]))
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


class Log:
    """The tables of a log, and what could be proved of them."""

    def __init__(self, path: str) -> None:
        database = sqlite3.connect(pathlib.Path(path).resolve().as_uri() + "?mode=ro", uri=True)
        database.row_factory = sqlite3.Row
        database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            run = database.execute
            damage = [row[0] for row in run("PRAGMA quick_check") if row[0] != "ok"]
            self.meta = dict(run("SELECT key, value FROM meta").fetchall())
            self.changes = run("SELECT * FROM changes ORDER BY position").fetchall()
            self.sheets = run("SELECT * FROM sheets ORDER BY sheet").fetchall()
            self.heads = {row[0]: row[1:] for row in run("SELECT device, seq, hash FROM heads")}
        finally:
            database.close()
        self.hub = self.meta["hub_device"]
        self.fingerprint = hashlib.sha256(unpacked(self.meta["hub_key"])).hexdigest()
        # Each proved device: the author it was enrolled for, its role, its public key.
        self.devices: dict[str, Any] = {self.hub: ("HQ", "hub", self.meta["hub_key"])}
        self.erasures: dict[str, str | None] = {}  # of an erased hash: what must be left of it
        self.wrong: list[tuple[int | None, str]] = [(None, f"SQLite: {one}") for one in damage]

    def by_hub(self, kind: str) -> list[Any]:
        """What headquarters said in its changes of a kind, as far as it is proved by now."""
        rows = [r for r in self.changes if r["kind"] == kind and r["device"] in self.hubs]
        good = [r for r in rows if signed(self.devices[r["device"]][2], "change", r)]
        return [json.loads(r["payload"]) for r in good if r["state"] == "stored"]

    def prove(self) -> None:
        """Devices by records that a hub signed (the present hub's for former ones); erasures."""
        self.hubs, before = {self.hub}, 0
        while before != len(self.devices):
            before = len(self.devices)
            for said in self.by_hub("device"):
                fields = said["set"]
                device = (fields.get("author"), fields.get("role"), fields.get("public_key"))
                if device[2] and self.devices.setdefault(said["record"], device) != device:
                    self.wrong.append((None, f"{said['record']} is given a second key"))
            self.hubs = {one for one, device in self.devices.items() if device[1] == "hub"}
        for said in self.by_hub("erasure"):
            for name in said["set"]["hashes"]:
                self.erasures.setdefault(name, said["set"].get(f"kept/{name}"))

    def check_changes(self) -> None:
        """Every change in order: its content, and whether it follows its device's last."""
        ends: dict[str, Any] = {}
        hashes = {(row["device"], row["seq"]): row["hash"] for row in self.changes}
        late: list[Any] = []
        for place, row in enumerate(self.changes, 1):
            device, seq = row["device"], row["seq"]
            try:
                said = self.content(row)
                before = hashes.get((device, seq - 1), "" if seq == 1 else None)
                # What a former hub wrote after the backup comes back in pieces, or not at all.
                former = device in self.hubs and device != self.hub
                fits = before == said["prev"] or (former and before is None)
                if not fits or (not former and seq != ends.get(device, (0,))[0] + 1):
                    raise Wrong("it does not follow the change before it")
                if row["position"] != place:
                    raise Wrong("a change before it is missing")
            except Wrong as wrong:
                told = (row["position"], f"device {device}, change {seq}: {wrong.args[0]}")
                (late if "late" in wrong.args else self.wrong).append(told)
            ends[device] = max(ends.get(device, (0, "")), (seq, row["hash"]))
        self.wrong += late
        if ends != self.heads:
            self.wrong.append((None, "the last changes are not those noted as heads"))

    def content(self, row: Any) -> Any:
        """What a change says, or of an erased one its envelope; proved as far as it can be."""
        said = self.erased(row) if row["payload"] is None else self.whole(row)
        if row["device"] not in self.devices:
            raise Wrong("its device has no sound record of headquarters", "late")
        author, role, key = self.devices[row["device"]]
        if row["payload"] is not None and not signed(key, "change", row):
            raise Wrong("the signature is not its device's")
        if any(said[name] != row[name] for name in ("device", "seq", "kind", "record")):
            raise Wrong("a column is not what was signed")
        if (said["mission"], said["author"]) != (self.meta["mission"], author):
            raise Wrong("it is for another mission, or by another author")
        apart = role != "hub" and row["state"] == "quarantined" and row["code"] is not None
        if not apart and (row["state"], row["code"]) != ("stored", None):
            raise Wrong("the state is none, or does not fit the code")
        return said

    def whole(self, row: Any) -> Any:
        """The document of a change whose hash fits."""
        if sha256(row["payload"]) != row["hash"]:
            raise Wrong("the payload has another hash")
        if row["envelope"] is None and row["hash"] not in self.erasures:
            return json.loads(row["payload"])
        raise Wrong("it was erased, but its payload is here")

    def erased(self, row: Any) -> Any:
        """The envelope of a change that an erasure signed by headquarters names."""
        if row["hash"] not in self.erasures or not row["envelope"]:
            raise Wrong("its payload is gone, and no sound erasure names it", "late")
        kept = self.erasures[row["hash"]]
        if kept in (None, sha256(row["envelope"] + "\n" + row["signature"])):
            return json.loads(row["envelope"])
        raise Wrong("what the erasure left of it was changed")

    def check_receipts(self) -> None:
        """Every sheet is signed and follows the one before; every receipt fits its change."""
        here, signed_for, prev = {row["hash"]: row for row in self.changes}, set(), ""
        names = ("device", "seq", "state", "received_at", "code")
        for number, row in enumerate(self.sheets, 1):
            said: Any = json.loads(row["payload"]) if sha256(row["payload"]) == row["hash"] else {}
            hub = said.get("hub")
            if hub not in self.hubs or not signed(self.devices[hub][2], "receipt", row):
                self.wrong.append((None, f"sheet {number} is not signed by headquarters"))
            elif (said["sheet"], row["sheet"], said["prev"]) != (number, number, prev):
                self.wrong.append((None, f"sheet {number} does not follow the one before"))
            prev = row["hash"]
            for receipt in said.get("receipts", ()):
                change = here.get(receipt["hash"])
                found = change and [change[name] for name in ("position", *names)]
                if not change or found != [receipt["hub_seq"], *map(receipt.get, names)]:
                    self.wrong.append((receipt["hub_seq"], "it is not as its receipt says"))
                elif change["sheet"] == number:
                    signed_for.add(receipt["hash"])
        for row in self.changes:
            if row["hash"] not in signed_for and (row["sheet"] or row["device"] not in self.hubs):
                self.wrong.append((row["position"], "no receipt sheet signs for it"))


def check(path: str, hub: str = "") -> Log:
    """The log with everything found wrong in it, the first first."""
    log = Log(path)
    if hub and log.fingerprint != hub.lower():
        log.wrong.append((None, "the log is of another headquarters than --hub"))
    for step in (log.prove, log.check_changes, log.check_receipts):
        step()
    return log


def main(path: str = "", option: str = "--hub", hub: str = "") -> int:
    """Check the file named on the command line, say what was found, give the exit code."""
    try:
        log = check(path, hub)
    except (sqlite3.Error, LookupError, ValueError, TypeError) as error:
        sys.exit(f"{__doc__}\nThis is no log, or it cannot be read: {error!r}")
    print(f"mission {log.meta['mission']}, headquarters' key (compare it!) {log.fingerprint}")
    erased = sum(row["payload"] is None for row in log.changes)
    print(f"{len(log.changes)} changes ({erased} erased), {len(log.sheets)} receipt sheets")
    for position, what in log.wrong[:1]:
        print(f"The first of {len(log.wrong)} faults: position {position}: {what}")
    print("NOT SOUND" if log.wrong else "Sound.")
    return 1 if log.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
