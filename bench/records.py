"""Signed changes to measure with: fictional answers to the items of the default checklist."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from uuid6 import uuid7

from schemas.checklist import Item
from schemas.library import default_checklist
from sync.change import Change, Signer, make_change
from sync.clock import utc_now

ANSWERS: Final = 150
COMMENT: Final = "Fictional: seen from the second row, said aloud."


class Writer:
    """A device that writes its chain."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.seq = 0
        self.prev = ""

    def change(
        self, kind: str, record: str, fields: dict[str, Any], parents: tuple[str, ...] = ()
    ) -> Change:
        """The next change."""
        made = make_change(
            self.signer,
            seq=self.seq + 1,
            prev=self.prev,
            kind=kind,
            record=record,
            parents=parents,
            recorded_at=utc_now(),
            fields=fields,
        )
        self.seq, self.prev = made.seq, made.hash
        return made

    def opening(self) -> tuple[list[Change], dict[str, Any]]:
        """A case and a hearing, and the fields that an observation of it begins with."""
        case, hearing = str(uuid7()), str(uuid7())
        changes = [
            self.change("case", case, {"title": "Fictional", "practice": True}),
            self.change("hearing", hearing, {"case": case, "date": "2026-03-02", "number": 1}),
        ]
        sha256 = default_checklist().sha256
        return changes, {"case": case, "hearing": hearing, "checklist": sha256, "mode": "full"}

    def whole(self, base: dict[str, Any]) -> Change:
        """An observation with 150 answers in one change, about 22 kB."""
        fields = {**base, **{path: answer for path, answer in answers()}}
        return self.change("observation", str(uuid7()), fields)

    def taps(self, base: dict[str, Any], count: int) -> list[Change]:
        """An observation, one answer for each change, each after the one before."""
        record = str(uuid7())
        made: list[Change] = []
        for path, answer in islice(answers(), count):
            fields = {path: answer} if made else {**base, path: answer}
            parents = (made[-1].hash,) if made else ()
            made.append(self.change("observation", record, fields, parents))
        return made


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Field path and answer of the first items asked at a hearing."""
    asked = [item for item in default_checklist().items.values() if item.who == "observer"]
    for item in asked[:ANSWERS]:
        answer = {"value": _value(item), "comment": COMMENT, "answered_at": utc_now()}
        yield f"answers/{item.id}", answer


def _value(item: Item) -> Any:
    if not item.choices:
        return "not_observed"
    return [item.choices[0]] if item.answer == "multi" else item.choices[0]
