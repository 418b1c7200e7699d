"""The rows of one observation: what it says, what it leaves open, what does not fit together.

Whether answers fit their checklist is judged here, not at intake: it quarantines nothing. Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.rules import Assessment, assess
from sync.projection.rows import Reading, Record, Row, Rows, answer_rows, flag, log_rows, note, text

UNKNOWN_CHECKLIST = "unknown_checklist"
UNKNOWN_ITEM = "unknown_item"


def observation_rows(
    record: Record,
    case: Record | None,
    hearing: Record | None,
    people: Sequence[Record],
    reading: Reading,
    *,
    known: bool,
) -> Rows:
    """All rows of an observation.

    :param reading: the checklist it names, or the default one when that is not ``known`` here
    """
    rows = Rows()
    case_id = text(record.values.get("case"))
    hearing_values: Mapping[str, Any] = hearing.values if hearing else {}
    assessment = assess(
        reading.checklist,
        case.values if case else {},
        hearing_values,
        [{"id": person.id, **person.values} for person in people],
        record.values,
    )
    answer_rows(record, reading, rows, case=case_id, observation=record.id)
    entries = log_rows(record, text(hearing_values.get("time_zone")), rows)
    whose = {"case_id": case_id, "observation_id": record.id}
    _coverage(assessment, whose, rows)
    open_problems = _problems(assessment, record, reading, whose, rows, known=known)
    rows.add(
        "observations",
        {
            **_identity(record, hearing_values),
            **_counts(assessment),
            "entries": entries,
            "open_problems": open_problems,
            "critical": len(assessment.critical),
            "conflicts": len(record.folded.conflicts),
            "quarantined": record.quarantined,
            "heads": " ".join(record.folded.heads),
        },
    )
    return rows


def _identity(record: Record, hearing: Mapping[str, Any]) -> Row:
    values = record.values
    attendance = values.get("attendance")
    attendance = attendance if isinstance(attendance, dict) else {}
    observer = text(values.get("observed_by")) or record.author
    return {
        "id": record.id,
        "label": f"{observer}, {hearing.get('date') or 'no date'}",
        "case_id": text(values.get("case")),
        "hearing_id": text(values.get("hearing")),
        "observer": observer,
        "entered_by": text(values.get("entered_by")),
        "attendance": text(attendance.get("value")),
        "not_admitted_by": text(attendance.get("by")),
        **{
            name: text(values.get(name))
            for name in ("mode", "checklist", "started_at", "submitted_at")
        },
        "received_at": record.received_at,
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def _counts(assessment: Assessment) -> dict[str, int]:
    states = Counter(target.state for target in assessment.targets)
    not_observed = sum(
        1
        for target in assessment.targets
        if target.answer is not None and target.answer.get("value") == "not_observed"
    )
    return {
        "answered": states["answered"],
        "unanswered": states["unanswered"],
        "not_asked": states["not_asked"],
        "not_observed": not_observed,
    }


def _coverage(assessment: Assessment, whose: Row, rows: Rows) -> None:
    for target in assessment.targets:
        if target.state != "answered":
            rows.add(
                "coverage",
                {
                    "id": "/".join(
                        filter(None, (whose["observation_id"], target.item, target.person))
                    ),
                    **whose,
                    "item_id": target.item,
                    "person_id": target.person,
                    "state": target.state,
                },
            )


def _problems(
    assessment: Assessment,
    record: Record,
    reading: Reading,
    whose: Row,
    rows: Rows,
    *,
    known: bool,
) -> int:
    still_open = 0
    for problem in (*assessment.missing, *assessment.inconsistent):
        key = problem.key
        override = record.values.get(f"overrides/{key}")
        still_open += not override
        id_ = f"{record.id}/{key}"
        place = {**whose, "item_id": problem.item, "person_id": problem.person}
        rows.add(
            "problems",
            {
                "id": id_,
                **place,
                "code": problem.code,
                "entry_id": problem.entry,
                "overridden": flag(override),
            },
        )
        if isinstance(override, dict):
            author = record.folded.origins[f"overrides/{key}"].author
            reason = text(override.get("reason"))
            words = {**place, "author": author, "practice": flag(record.values.get("practice"))}
            rows.add("notes", note(f"{id_}/reason", "reason", reason, words))
    strange: list[tuple[str, str | None]] = [] if known else [(UNKNOWN_CHECKLIST, None)]
    items = reading.checklist.items
    strange += [
        (UNKNOWN_ITEM, named)
        for path in record.values
        if path.startswith("answers/") and (named := path.split("/", 2)[1]) not in items
    ]
    for code, item in dict.fromkeys(strange):
        rows.add(
            "problems",
            {
                "id": f"{record.id}/{code}/{item or ''}",
                **whose,
                "item_id": item,
                "person_id": None,
                "code": code,
                "entry_id": None,
                "overridden": 0,
            },
        )
    return still_open + len(dict.fromkeys(strange))
