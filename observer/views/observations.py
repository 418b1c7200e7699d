"""The form of one observation: all sections on one page, each a form of its own.

With JavaScript each answer is saved as it is given; without, a section is saved by its button.
Both ways end in ``save_slots``.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from uuid6 import uuid7
from werkzeug.wrappers import Response

from observer.conflicts import conflicts_of
from observer.forms.answers import Question, Slot, complaint, posted_value, questions, section_form
from observer.views.conflicts import keep_chosen
from observer.views.versions import Dispute, disputes
from observer.views.words import workspace
from observer.workspace import Sitting
from schemas.checklist import SPECIAL, Section
from schemas.derive import proposals

pages = Blueprint("observations", __name__)
Errors = dict[str, str]


def slots_of(asked: Sequence[Question]) -> list[Slot]:
    """All slots of some questions."""
    return [slot for each in asked for slot in (*each.slots, *each.exceptions)]


def page_data(sitting: Sitting, section: Section, errors: Errors | None = None) -> dict[str, Any]:
    """What the template of a section needs."""
    asked = questions(sitting, section)
    form = section_form(slots_of(asked))
    return {
        "section": section,
        "questions": asked,
        "form": form(formdata=request.form if errors else None),
        "errors": errors or {},
    }


def current(sitting: Sitting, wanted: str | None) -> Section:
    """The section asked for, else the first with something open."""
    shown = [s for s in sitting.checklist.sections if any(i.who == "observer" for i in s.items)]
    for section in shown:
        if section.id == wanted:
            return section
    progress = sitting.assessment.sections
    unfinished = (s for s in shown if progress[s.id].answered < progress[s.id].total)
    return next(unfinished, shown[0])


@pages.get("/observations/<observation>")
def show(observation: str) -> str:
    """The checklist of an observation."""
    sitting = workspace().sitting(observation)
    return _render(sitting, current(sitting, request.args.get("section")), {})


def _render(sitting: Sitting, section: Section, errors: Errors) -> str:
    sections = [s for s in sitting.checklist.sections if any(i.who == "observer" for i in s.items)]
    return render_template(
        "observation.html",
        sitting=sitting,
        current=section,
        sections=[page_data(sitting, s, errors if s is section else None) for s in sections],
        proposed=_proposed(sitting),
        entries=dict(sitting.entries),
        disputed=_disputed(sitting),
    )


def _disputed(sitting: Sitting) -> dict[str, list[Dispute]]:
    """The answers in conflict by the id of their question."""
    space = workspace()
    found: dict[str, list[Dispute]] = {}
    for record in (sitting.case, sitting.observation):
        for each in disputes(space, conflicts_of(space, record)):
            group, _slash, rest = each.path.partition("/")
            if group == "answers":
                found.setdefault(rest.partition("/")[0], []).append(each)
    return found


def _proposed(sitting: Sitting) -> dict[str, Any]:
    return dict(
        proposals(
            sitting.checklist,
            sitting.hearing.values,
            [{"id": person.id, **person.values} for person in sitting.people],
            sitting.observation.values,
        )
    )


@pages.post("/observations/<observation>/sections/<section>")
def save(observation: str, section: str) -> str | Response:
    """Save a section as posted; what does not fit is shown again with what to do."""
    sitting = workspace().sitting(observation)
    found = current(sitting, section)
    slots = slots_of(questions(sitting, found))
    errors = save_slots(sitting, slots)
    if errors:
        return _render(workspace().sitting(observation), found, errors)
    if "keep" in request.form:
        keep_chosen(request.form["keep"])
        return redirect(_question(observation, found, request.form["keep"]))
    if "confirm" in request.form:
        _confirm(sitting, slots, request.form["confirm"])
    if "rest" in request.form:
        rest_not_observed(workspace().sitting(observation), found)
    wanted = request.form.get("go") or found.id
    if wanted == "log":
        return redirect(url_for("log.show", observation=observation))
    if wanted == "submit":
        return redirect(url_for("submit.show", observation=observation))
    return redirect(url_for("observations.show", observation=observation, section=wanted))


def _question(observation: str, section: Section, choice: str) -> str:
    """The card of the question that a version answers."""
    item = choice.partition("/answers/")[2].partition("/")[0]
    page = url_for("observations.show", observation=observation, section=section.id)
    return f"{page}#q-{item}"


def save_slots(sitting: Sitting, slots: Sequence[Slot]) -> Errors:
    """Write to the draft what the post says of these slots; what is wrong with the rest."""
    errors: Errors = {}
    for slot in slots:
        said, value = posted_value(slot, request.form, set(request.form.getlist("present")))
        wrong = complaint(slot.item, value) if said else None
        if wrong:
            errors[slot.path] = wrong
            said, value = False, None
        _write(sitting, slot, value if said else slot.value)
    return errors


def _write(sitting: Sitting, slot: Slot, value: Any) -> None:
    space, now = workspace(), workspace().now()
    comment = request.form.get(f"comment/{slot.path}")
    comment = slot.answer.get("comment", "") if comment is None else comment.strip()
    entries = list(slot.answer.get("entries", []))
    words = (request.form.get(f"entry/{slot.path}") or "").strip()
    if words:
        entries.append(_entry_from(sitting, slot, words, now))
    before = (slot.value, slot.answer.get("comment", ""), slot.answer.get("entries", []))
    if (value, comment, entries) == before:
        return
    answer = {"value": value, "entries": entries, "comment": comment, "answered_at": now}
    holder = sitting.holder(slot.item.id)
    empty = value is None and not comment and not entries
    space.edit(holder.kind, holder.id, {slot.path: None if empty else answer})


def _entry_from(sitting: Sitting, slot: Slot, words: str, now: str) -> str:
    entry = {
        "text": words,
        "kind": "note",
        "basis": "observed_fact",
        "at": now,
        "at_precision": "about",
        "entered_at": now,
        "via": "direct",
        "items": [slot.item.id],
        "about": [slot.person.id] if slot.person else [],
    }

    id_ = str(uuid7())
    workspace().edit("observation", sitting.observation.id, {f"log/{id_}": entry})
    return id_


def _confirm(sitting: Sitting, slots: Sequence[Slot], path: str) -> None:
    proposed = _proposed(sitting)
    for slot in slots:
        if slot.path == path and path in proposed:
            holder = sitting.holder(slot.item.id)
            answer = {**slot.answer, "value": proposed[path], "answered_at": workspace().now()}
            workspace().edit(holder.kind, holder.id, {path: answer})


def rest_not_observed(sitting: Sitting, section: Section) -> None:
    """What is open in a section becomes "not observed", but for the questions that open others."""
    now = workspace().now()
    for slot in (s for each in questions(sitting, section) for s in each.slots):
        if slot.value is None and slot.item.id not in sitting.checklist.gates:
            answer = {**slot.answer, "value": SPECIAL[0], "answered_at": now}
            holder = sitting.holder(slot.item.id)
            workspace().edit(holder.kind, holder.id, {slot.path: answer})


@pages.post("/observations/<observation>/answers/<item>")
def save_one(observation: str, item: str) -> Any:
    """Save one question as it is given; answers with what changes elsewhere on the page."""
    sitting = workspace().sitting(observation)
    section = _section_of(sitting, item)
    slots = [s for s in slots_of(questions(sitting, section)) if s.item.id == item]
    errors = save_slots(sitting, slots)
    after = workspace().sitting(observation)
    return {
        "ok": not errors,
        "errors": errors,
        "saved": _("Saved on this laptop"),
        "changed": _changed(sitting, after, item),
        "progress": {
            section_id: f"{p.answered}/{p.total}"
            for section_id, p in after.assessment.sections.items()
        },
    }


def _section_of(sitting: Sitting, item: str) -> Section:
    return current(sitting, item.partition(".")[0])


def _changed(before: Sitting, after: Sitting, given: str) -> dict[str, str]:
    """The questions whose being asked, or of whom, an answer changed: made anew."""

    def asked(sitting: Sitting) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for target in sitting.assessment.targets:
            found.setdefault(target.item, []).append((target.person, target.state != "not_asked"))
        return found

    old, new = asked(before), asked(after)
    made: dict[str, str] = {}
    g.entries = dict(after.entries)
    for section in after.checklist.sections:
        names = {i.id for i in section.items if old.get(i.id) != new.get(i.id) or i.id == given}
        if not names:
            continue
        data = page_data(after, section)
        for each in data["questions"]:
            if each.item.id in names and (each.item.id != given or request.form.get("entry")):
                made[each.item.id] = render_template(
                    "question.html",
                    sitting=after,
                    entries=g.entries,
                    proposed=_proposed(after),
                    disputed=_disputed(after),
                    q=each,
                    **data,
                )
    return made
