"""Writes the practice mission of ``make demo`` (``demo/mission.json``) as an observer would.

Everything goes through the observer's own workspace; nothing is written into a database here. All
of it is fictional, and it goes into practice missions only.
"""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from uuid6 import uuid7

from observer.forms.records import at_court
from observer.profile import Home, enrol
from observer.sending import send_and_receive
from observer.workspace import Sitting, Workspace
from review.hub import Hub
from schemas.errors import TrialObserverError
from schemas.library import default_checklist

DATA: Final = Path(__file__).resolve().parent.parent / "demo" / "mission.json"
ZONE: Final = "Europe/Vienna"
MISSION: Final = "practice"
INVITED: Final = 3600.0  # seconds that the invitations hold
NO_REASON: Final = "Practice record: left open on purpose."


class NotTaken(TrialObserverError):
    """Fictional records were not accepted; this is a fault of ours."""

    code = "demo_not_taken"
    status = 500


def read_data() -> dict[str, Any]:
    """The fictional mission; its form is that of ``demo/mission.json``."""
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def write_case(workspace: Workspace, data: Mapping[str, Any]) -> dict[str, str]:
    """Case, persons and hearings, sent; gives their record ids by ``case``, code and name."""
    case = workspace.create("case", data["case"])
    ids = {"case": case}
    for person in data["people"]:
        ids[person["code"]] = workspace.create("person", {"case": case, **person})
    for name, hearing in data["hearings"].items():
        fields = {"case": case, "court": data["case"]["court"], "time_zone": ZONE, **hearing}
        ids[name] = workspace.create("hearing", fields)
    workspace.send(workspace.unsent())
    return ids


def write_sitting(
    workspace: Workspace, data: Mapping[str, Any], one: Mapping[str, Any], ids: Mapping[str, str]
) -> str:
    """One observation with its log and answers, submitted; gives its record id."""
    day = data["hearings"][one["hearing"]]["date"]
    entries = {entry["key"]: str(uuid7()) for entry in one["log"]}
    fields: dict[str, Any] = {
        "case": ids["case"],
        "hearing": ids[one["hearing"]],
        "checklist": default_checklist().sha256,
        "mode": "full",
        "observed_by": workspace.profile.author,
        "attendance": {"value": "observed"},
        "started_at": at_court(day, one["log"][0]["at"], ZONE),
    }
    for entry in one["log"]:
        fields[f"log/{entries[entry['key']]}"] = _entry(entry, day, entries, ids)
    record = workspace.create("observation", fields)
    answered_at = at_court(day, "18:00", ZONE)
    given = {
        path: _answer(value, entries, answered_at)
        for path, value in {**data["common"], **one["answers"]}.items()
    }
    _answer_all(workspace, record, given, one["leave"], ids)
    _give_reasons(workspace, record, one["leave"])
    workspace.send_sitting(workspace.sitting(record))
    return record


def _entry(
    entry: Mapping[str, Any], day: str, entries: Mapping[str, str], ids: Mapping[str, str]
) -> dict[str, Any]:
    at = at_court(day, entry["at"], ZONE)
    made: dict[str, Any] = {
        "basis": "observed_fact",
        "at_precision": "exact",
        "via": "direct",
        "quote": False,
        "entered_at": at,
        **entry,
        "at": at,
    }
    del made["key"]
    if "speaker" in entry:
        made["speaker"] = ids[entry["speaker"]]
    if "re" in entry:
        made["re"] = entries[entry["re"]]
    made["about"] = [ids[code] for code in entry.get("about", ())]
    return made


def _answer(value: Any, entries: Mapping[str, str], answered_at: str) -> dict[str, Any]:
    # A time is an object too; only an answer written out in full has the key "value".
    whole = value if isinstance(value, dict) and "value" in value else {"value": value}
    return {
        "value": whole["value"],
        "entries": [entries[key] for key in whole.get("entries", ())],
        "comment": whole.get("comment", ""),
        "answered_at": answered_at,
    }


def _answer_all(
    workspace: Workspace,
    record: str,
    given: Mapping[str, dict[str, Any]],
    leave: Mapping[str, str],
    ids: Mapping[str, str],
) -> None:
    # Answers open further questions, so ask again until nothing new is asked.
    codes = {id_: code for code, id_ in ids.items()}
    tried: set[tuple[str, str]] = set()
    while True:
        sitting = workspace.sitting(record)
        asked = [
            (problem.item, problem.person)
            for problem in sitting.assessment.missing
            if problem.code == "unanswered" and problem.item not in leave
        ]
        fresh = [one for one in asked if one not in tried]
        if not fresh:
            return
        tried.update(fresh)
        for item, person in fresh:
            answer = given.get(f"{item}/{codes.get(person, '')}") or given.get(item)
            path = f"answers/{item}/{person}" if person else f"answers/{item}"
            _write(workspace, sitting, item, path, answer or _plausible(sitting, item, given))


def _write(
    workspace: Workspace, sitting: Sitting, item: str, path: str, answer: dict[str, Any]
) -> None:
    holder = sitting.holder(item)
    workspace.edit(holder.kind, holder.id, {path: answer})


def _plausible(sitting: Sitting, item: str, given: Mapping[str, Any]) -> dict[str, Any]:
    # What the data does not speak of was in order, or could not be told.
    compliance = sitting.checklist.items[item].answer == "compliance"
    value = "yes" if compliance else "not_observed"
    return {**given["case.features"], "value": value}


def _give_reasons(workspace: Workspace, record: str, leave: Mapping[str, str]) -> None:
    sitting = workspace.sitting(record)
    reasons = {
        f"overrides/{problem.key}": {"reason": leave.get(problem.item) or NO_REASON}
        for problem in sitting.assessment.blocking(sitting.observation.values)
    }
    workspace.edit("observation", record, reasons)


def fill(hub_folder: Path, homes: Mapping[str, Home], address: str) -> None:
    """The observers enrol, write down the fictional case, and send it.

    :param homes: the folders of the observers' laptops by author; the first one opens the case
    :param address: where ingest of this headquarters runs
    :raises NotTaken: headquarters did not take everything
    """
    data = read_data()
    with closing(Hub(hub_folder)) as hub:
        for author, home in homes.items():
            enrol(home, hub.invite(MISSION, author, "observer", INVITED, address))
        ids: dict[str, str] = {}
        for author, home in homes.items():
            with closing(Workspace(home)) as workspace:
                ids = ids or open_case(hub, workspace, data, homes)
                for one in data["sittings"]:
                    if one["author"] == author:
                        write_sitting(workspace, data, one, ids)
                send(workspace)


def open_case(
    hub: Hub, workspace: Workspace, data: Mapping[str, Any], homes: Mapping[str, Home]
) -> dict[str, str]:
    """The first observer's case, known to headquarters and handed on to the others."""
    ids = write_case(workspace, data)
    send(workspace)
    for author, home in homes.items():
        if author != workspace.profile.author:
            hub.assign(MISSION, ids["case"], author)
            with closing(Workspace(home)) as other:
                send(other)
    return ids


def send(workspace: Workspace) -> None:
    """Sign in and send everything that headquarters has not acknowledged.

    :raises NotTaken: something was not accepted
    """
    if not send_and_receive(workspace).pushed.clean:
        raise NotTaken("Headquarters did not take everything; remove instance/demo.")
