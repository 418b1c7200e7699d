"""Typing in a sheet of paper by codes: each line is checked as it comes, and kept until taken."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from uuid6 import uuid7
from werkzeug.wrappers import Response

from observer.taking import KEEPS_OWN, NO_ENTRY, NOT_IN_FORCE, REPLACES, Read, read_lines, take
from observer.typed import KINDS, PERSON_LETTER, AnswerLine, Fault
from observer.views.words import kind as kind_word
from observer.views.words import problem, value_text, workspace
from observer.workspace import Sitting
from schemas.checklist import Item
from schemas.envelope import AUTHOR_CODE
from schemas.library import option_label
from schemas.relevance import persons_of_kind

pages = Blueprint("typing", __name__)
# A browser and a server can carry this many lines in one form without dropping one.
MOST_LINES = 300


@pages.get("/observations/<observation>/type")
def show(observation: str) -> str:
    """The lines typed so far with what they say, and a place for the next one."""
    return _render(workspace().sitting(observation))


def _render(sitting: Sitting, over: str = "", observer: str | None = None) -> str:
    rows = [_row(sitting, read) for read in _reads(sitting)]
    values = sitting.observation.values
    return render_template(
        "type.html",
        sitting=sitting,
        rows=list(reversed(rows)),
        right=sum(row["right"] for row in rows),
        wrong=[row for row in rows if not row["right"]],
        taken=request.args.get("taken", 0, type=int),
        over=over,
        most=MOST_LINES,
        observed_by=observer if observer is not None else values.get("observed_by", ""),
        observer_is_wrong=observer is not None,
        kinds=KINDS,
    )


def _reads(sitting: Sitting) -> list[Read]:
    return read_lines(sitting, workspace().drafts.lines(sitting.observation.id))


@pages.post("/observations/<observation>/type")
def save(observation: str) -> str | Response:
    """Keep what was typed, right or wrong; with ``take``, bring what is right into the record."""
    space = workspace()
    sitting = space.sitting(observation)
    space.edit("observation", observation, {})  # another observer's record takes no lines
    over = _keep(observation)
    observer = request.form.get("observed_by", "").strip()
    known = bool(AUTHOR_CODE.fullmatch(observer))
    if known and observer != sitting.observation.values.get("observed_by"):
        author = space.profile.author
        space.edit("observation", observation, {"observed_by": observer, "entered_by": author})
    if over or (observer and not known):
        return _render(space.sitting(observation), over, None if known else observer or None)
    taken = take(space, sitting, _reads(sitting)) if "take" in request.form else None
    return redirect(url_for("typing.show", observation=observation, taken=taken))


def _keep(observation: str) -> str:
    """Keep every line on disk; what there is no room for comes back, to be shown again."""
    drafts = workspace().drafts
    lines = drafts.lines(observation)
    changed = {id_: _one_line(request.form.get(f"line/{id_}", line)) for id_, line in lines.items()}
    typed = [request.form.get("next", ""), *request.form.get("many", "").splitlines()]
    new = [line for line in map(_one_line, typed) if line]
    room = max(MOST_LINES - sum(map(bool, changed.values())), 0)
    drafts.keep_lines(observation, {**changed, **{str(uuid7()): line for line in new[:room]}})
    return "\n".join(new[room:])


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()).strip()


def _row(sitting: Sitting, read: Read) -> dict[str, Any]:
    """A line with its meaning or its problem, in words."""
    said = read.said
    row = {"id": read.id, "line": read.line, "right": read.right, "answer": None, "entry": None}
    if isinstance(said, Fault):
        return {**row, "problem": fault_text(sitting, said)}
    if isinstance(said, AnswerLine):
        item = sitting.checklist.items[said.item]
        row |= {
            "item": item,
            "whom": _whom(sitting, item, read),
            "answer": value_text(item, said.value),
        }
    if said.moment:
        row["entry"] = said
        row["kind"] = kind_word("note" if isinstance(said, AnswerLine) else said.kind)
    return {**row, "remarks": [remark(sitting, read, code) for code in read.remarks]}


def _whom(sitting: Sitting, item: Item, read: Read) -> str:
    if item.per == "none":
        return ""
    if read.persons == ("",):
        return str(_("All witnesses") if item.per == "witness" else _("All accused"))
    codes = {person.id: str(person.values.get("code")) for person in sitting.people}
    return ", ".join(codes[person] for person in read.persons)


def remark(sitting: Sitting, read: Read, code: str) -> str:
    """What to look at before a right line is taken."""
    if code == REPLACES and isinstance(read.said, AnswerLine):
        item = sitting.checklist.items[read.said.item]
        held = sitting.holder(item.id).values
        old = [held[path]["value"] for path in read.paths if path in held]
        was = "; ".join(value_text(item, value) for value in old if value is not None)
        return str(_("Replaces the answer given before: %(was)s.", was=was))
    words = {
        NO_ENTRY: _("“No” and “partly” rest on at least one log entry")
        + " "
        + _("Write the time and what happened behind the answer."),
        NOT_IN_FORCE: problem("not_in_force"),
        KEEPS_OWN: _("Those with an answer of their own keep it."),
    }
    return str(words[code])


def fault_text(sitting: Sitting, fault: Fault) -> str:
    """What is wrong with a line, and what to do."""
    item = sitting.checklist.items[fault.item] if fault.item else None
    if item and fault.code in ("bad_value", "no_value"):
        first = (
            _("“%(found)s” does not answer %(code)s.", found=fault.found, code=item.code)
            if fault.code == "bad_value"
            else _("The answer to %(code)s is missing.", code=item.code)
        )
        return f"{first} {how(item)}"
    if item and fault.code in ("no_such_person", "person_missing"):
        return _about_persons(sitting, item, fault)
    kinds = ", ".join(f"{letter} {kind_word(kind)}" for letter, kind in KINDS.items())
    words = {
        "bad_start": _("Begin with a code of the sheet (B03), a time (0915) or #."),
        "unknown_code": _(
            "No question has the code %(found)s. Look at the sheet.", found=fault.found
        ),
        "too_long": _("This is too long for one entry. Make two lines of it."),
        "bad_time": _("%(found)s is no time. Write 0915, or ~0915 for about.", found=fault.found),
        "no_kind": _("Write a letter after the time, and what happened: %(kinds)s.", kinds=kinds),
        "unknown_kind": _(
            "%(found)s is no letter of the log. Use: %(kinds)s.", found=fault.found, kinds=kinds
        ),
        "none_excludes_others": _("“None” excludes the others. Leave one of them out."),
        "no_persons": _(
            "This question is not about a person: leave out %(found)s.", found=fault.found
        ),
        "time_first": _(
            "Before the words write when it was: 0915, ~0915 for about, # when only the order "
            "is known."
        ),
        "no_words": _("Write what happened behind the time."),
        "contradicts": _(
            "The line “%(found)s” says something else of the same. Mend or empty one of the two.",
            found=fault.found,
        ),
    }
    return str(words[fault.code])


def _about_persons(sitting: Sitting, item: Item, fault: Fault) -> str:
    people = [{"id": person.id, **person.values} for person in sitting.people]
    ids = persons_of_kind(people, item.per)
    codes = ", ".join(str(person["code"]) for person in people if person["id"] in ids)
    if not codes:
        return str(
            _(
                "Nobody whom %(code)s is asked of is in this case yet. Add the person below, or "
                "write * for all.",
                code=item.code,
            )
        )
    if fault.code == "person_missing":
        return str(
            _(
                "Write for whom: a number, several (1,3), or * for all. Here are: %(codes)s.",
                codes=codes,
            )
        )
    return str(
        _(
            "%(found)s is not here. Here are: %(codes)s. Mend the number, or add the person below; "
            "before words write a time.",
            found=fault.found
            if not fault.found.isdigit()
            else PERSON_LETTER[item.per] + fault.found,
            codes=codes,
        )
    )


def how(item: Item) -> str:
    """How an answer is written."""
    numbered = ", ".join(
        f"{number} {option_label(item, option, str(get_locale()))}"
        for number, option in enumerate(item.options, 1)
    )
    words = {
        "compliance": _("Write y, p, n, o or x."),
        "choice": _("Write one number, o or x: %(numbered)s.", numbered=numbered),
        "multi": _("Write numbers such as 1,3 or o or x: %(numbered)s.", numbered=numbered),
        "number": _("Write a whole number, such as 3."),
        "duration": _("Write minutes as a whole number."),
        "date": _("Write the day as 2026-03-02."),
        "time": _("Write the time as 0930, or ~0930 for about."),
        "datetime": _("Write the day as 2026-03-02, with the time behind it if known."),
        "text": _("Write it in words."),
    }
    return str(words[item.answer])
