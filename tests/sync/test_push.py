"""What a push holds at most: all of its body counts, not the changes alone."""

import json
from collections.abc import Mapping
from typing import Any

from sync.change import Change
from sync.errors import TooLarge
from sync.intake import receive_own
from sync.keys import DeviceKey, sha256_hex
from sync.log import Log
from sync.push import push
from sync.receipts import Issuer, issue_sheet
from sync.wires import MAX_BODY_BYTES
from tests.sync.conftest import NOW, Node, new_chain


class Receiving:
    """Headquarters after a restore: no body over its limit, a receipt for everything."""

    token = "t"

    def __init__(self, node: Node) -> None:
        signer = node.hub.signer
        self.issuer = Issuer(signer.mission, signer.device, "2", signer.key)
        self.changes: list[str] = []
        self.sheets: set[str] = set()

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if len(json.dumps(body, ensure_ascii=False).encode()) > MAX_BODY_BYTES:
            raise TooLarge("A body has at most so many bytes.")
        hashes = [change.get("hash") or sha256_hex(change["payload"]) for change in body["changes"]]
        self.changes += hashes
        self.sheets |= {sheet["signature"] for sheet in body["receipts"]}
        sheet = issue_sheet(self.issuer, (0, ""), [receipt(hash_) for hash_ in hashes], NOW)
        return {"ok": True, "epoch": "2", "receipts": [sheet.wire()], "known": []}


def receipt(hash_: str) -> dict[str, Any]:
    return {
        **{"hash": hash_, "device": "0" * 36, "seq": 1},
        **{"state": "stored", "hub_seq": 1, "received_at": NOW},
    }


def signed_for(log: Log, changes: list[Change]) -> None:
    """Each by a sheet of its own of the former headquarters, with 99 others."""
    former = new_chain("HQ")
    issuer = Issuer("training", former.signer.device, "1", DeviceKey.generate())
    others = [receipt(sha256_hex(str(number))) for number in range(99)]
    with log.writing():
        log.trust_hub(former.signer.device, issuer.key.public)
        for number, change in enumerate(changes):
            sheet = issue_sheet(issuer, (number, ""), [*others, receipt(change.hash)], NOW)
            log.keep_sheet(sheet)
            log.add_receipt(receipt(change.hash), sheet.hash)
        log.doubt_held()


def test_former_sheets_make_no_body_that_headquarters_must_refuse(node: Node) -> None:
    anna = node.enrol("OBS-1")
    changes = [anna.change() for _ in range(100)]
    hub = node.hub.signer
    with node.log.writing():
        receive_own(node.log, changes, lambda: NOW)
        node.log.set_meta({"hub_key": hub.key.public, "epoch": "2", "pace_text": "900000"})
    signed_for(node.log, changes)
    receiving = Receiving(node)
    report = push(node.log, receiving, "training")  # type: ignore[arg-type]
    assert node.log.count_unreceived() == 0
    assert report.clean
    assert {change.hash for change in changes} <= set(receiving.changes)
    assert len(receiving.sheets) == len(changes)


def test_an_erased_change_is_pushed_too(node: Node) -> None:
    anna = node.enrol("OBS-1")
    change = anna.change()
    fields = {"hashes": [change.hash], "reason": "x"}
    with node.log.writing():
        receive_own(node.log, [change], lambda: NOW)
        receive_own(node.log, [node.hub.change(fields=fields, kind="erasure")], lambda: NOW)
        node.log.set_meta({"hub_key": node.hub.signer.key.public, "epoch": "2"})
    signed_for(node.log, [change])
    receiving = Receiving(node)
    push(node.log, receiving, "training")  # type: ignore[arg-type]
    assert change.hash in receiving.changes


class Lacking(Receiving):
    """It says that there is a gap behind a head that is not the one that is here."""

    def __init__(self, node: Node, device: str) -> None:
        super().__init__(node)
        self.device = device
        self.told = False

    def post(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.told:
            return super().post(call, {**body, "receipts": []})
        self.told = True
        head = {self.device: {"seq": 2, "hash": sha256_hex("another change")}}
        stop = {self.device: {"code": "gap", "seq": 3, "error": "A change is missing."}}
        return {"ok": True, "epoch": "2", "receipts": [], "heads": head, "stopped": stop}


def test_a_gap_behind_another_head_sends_all_of_the_chain(node: Node) -> None:
    anna = node.enrol("OBS-1")
    changes = [anna.change() for _ in range(3)]
    with node.log.writing():
        receive_own(node.log, changes, lambda: NOW)
        node.log.set_meta({"hub_key": node.hub.signer.key.public, "epoch": "2"})
        node.log.mark_held(change.hash for change in changes[:2])
    lacking = Lacking(node, anna.signer.device)
    push(node.log, lacking, "training")  # type: ignore[arg-type]
    assert lacking.changes[-3:] == [change.hash for change in changes]
