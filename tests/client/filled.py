"""A phone on which every screen has something to show; all that is told is fictional."""

import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fleet import enrolled
from PIL import Image
from playwright.sync_api import Page
from uuid6 import uuid7

from sync.clock import utc_now
from tests.client.stage import Stage, begin, saved
from tests.review.hub_process import MISSION

CASE = "Case Kestrel (fictional)"
FIELD = '[data-screen=checklist] [name="answers/case.charges"]'
WORDS = {
    "start": "The bench entered.",
    "request": "Counsel of A1 asked for an interpreter.",
    "quotation": "“You will speak when you are asked.”",
    "note": "Two men without uniform sat behind A1.",
}


def shown(page: Page, name: str) -> None:
    """Wait until a screen is shown."""
    page.wait_for_selector(f"[data-screen={name}]:not([hidden])")


def tap(page: Page, screen: str, what: str, to: str = "") -> None:
    """Tap what is shown on a screen; wait for the screen that it leads to."""
    page.locator(f"[data-screen={screen}] {what}:visible").first.click()
    shown(page, to or screen)


def home(page: Page) -> None:
    """To Today."""
    page.click(".home")
    shown(page, "today")


def fill_phone(page: Page, at: Stage) -> None:
    """Enrol a phone and observe for two days; headquarters asks, and another phone contradicts."""
    begin(page, at)
    tap(page, "today", "[data-go=case_new]", "case_new")
    page.fill("#new-title", CASE)
    page.fill("#new-court", "Court of Exampleton (fictional)")
    tap(page, "case_new", "button.main", "case")
    for role in ("accused", "accused", "accused", "accused", "witness", "judge"):
        page.select_option("#case-role", role)
        tap(page, "case", "form[data-act=person] button")
    add_hearing(page, today() - timedelta(days=1))
    tap(page, "brief", "[data-attendance=observed]", "log")
    write(page, "request", "Counsel of A2 asked for the file.")
    answer_some(page)
    home(page)
    for days in (0, 3):
        tap(page, "today", "[data-go=case]", "case")
        add_hearing(page, today() + timedelta(days=days))
        home(page)
    page.locator("[data-of=coming] button").first.click()
    shown(page, "brief")
    tap(page, "brief", "[data-attendance=observed]", "log")
    write_log(page)
    answer_some(page)
    add_photo(page)
    contradict(page, at)
    give_notices(page)


def today() -> date:
    """The day on the mission's calendar."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def add_hearing(page: Page, day: date) -> None:
    """A hearing of a day; ends in its brief."""
    if page.locator("#h-date").is_hidden():
        page.click("[data-screen=case] summary")
    page.fill("#h-date", day.isoformat())
    page.fill("#h-time", "09:30")
    page.fill("#h-room", "Room 4")
    page.fill("#h-zone", "Europe/Vienna")
    tap(page, "case", "form[data-act=hearing] button", "brief")


def write(page: Page, kind: str, words: str, speaker: str = "") -> None:
    """An entry of the log."""
    stamp(page, kind)
    page.locator(".entries li [data-act=write]").first.click()
    shown(page, "write")
    page.fill("#w-text", words)
    if speaker:
        page.click("[data-screen=write] summary")
        page.fill("#w-speaker", speaker)
        page.select_option("#w-basis", "reported_by_source")
    tap(page, "write", "button.main", "log")


def stamp(page: Page, kind: str) -> None:
    """One tap; the entry is in the log before this returns."""
    count = page.locator(".entries li").count()
    page.click(f"[data-screen=log] [data-kind={kind}]")
    page.locator(".entries li").nth(count).wait_for()


def write_log(page: Page) -> None:
    """Entries of all kinds, one of them with a speaker and heard of; the phone was handed in."""
    kinds = page.locator("[data-screen=log] [data-kind]").evaluate_all(
        "all => all.map((each) => each.dataset.kind)"
    )
    for kind in kinds:
        if kind in WORDS:
            write(page, kind, WORDS[kind], "counsel" if kind == "request" else "")
        else:
            stamp(page, kind)
    tap(page, "log", ".stamps [data-go=custody]", "custody")
    page.click("[data-act=hand_in]")
    page.click("[data-act=returned]")
    shown(page, "log")


def section(page: Page, name: str) -> None:
    """Open a section of the checklist."""
    details = page.locator("[data-screen=checklist] .sections")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    page.click(f"[data-screen=checklist] [data-of=section][data-key={name}] button")
    page.wait_for_selector("[data-questions] .question:visible, [data-if=unasked]:visible")


def answer_some(page: Page) -> None:
    """Answers of several sections, one with evidence, one different for a person."""
    tap(page, "log", "nav [data-go=checklist]", "checklist")
    page.fill(FIELD, "Article 14 (fictional)")
    section(page, "hearing")
    for item, value in (("kind", "trial"), ("bench", "panel_professional")):
        pill = page.locator(f"[data-item='hearing.{item}'] input")
        wanted = pill.and_(page.locator(f"[value={value}]"))
        (wanted if wanted.count() else pill).first.check()
    saved(page)
    tap(page, "checklist", "nav [data-go=log]", "log")


def photo() -> bytes:
    """A photo of nothing."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()


def add_photo(page: Page) -> None:
    """A photo for an entry."""
    tap(page, "log", ".entries [data-act=write]", "write")
    tap(page, "write", "[data-act=attach]", "files")
    file = {"name": "fictional", "mimeType": "image/jpeg", "buffer": photo()}
    page.set_input_files("[data-screen=files] input[name=pick]", file)  # type: ignore[arg-type]
    page.wait_for_selector("[data-of=file]")
    saved(page)


def contradict(page: Page, at: Stage) -> None:
    """Another phone writes another charge than this one, and headquarters asks about it."""
    home(page)
    send_drafts(page)
    observation = at.changes("observation")[-1].record
    before = next(c for c in at.changes("case") if "answers/case.charges" in c.set)
    page.context.set_offline(True)
    other = enrolled(
        at.hub.invite(MISSION, "OBS-1", "observer", 600, at.ingest.address), at.relay.folder.parent
    )
    try:
        other.sync()
        answer = {
            **before.set["answers/case.charges"],
            "value": "Article 15",
            "answered_at": utc_now(),
        }
        other.write("case", before.record, {"answers/case.charges": answer})
        other.sync()
    finally:
        other.close()
    for path, words in (("answers/case.charges", "Was it read out?"), ("", "When did you leave?")):
        say(at, "query", {"observation": observation, "field": path, "question": words})
    home(page)
    page.locator("[data-of=coming] button").first.click()
    tap(page, "brief", "[data-act=open][data-to=checklist]", "checklist")
    section(page, "case")
    page.fill(FIELD, "Article 16 (fictional)")
    page.locator(FIELD).blur()
    saved(page)
    home(page)
    tap(page, "today", "[data-go=headquarters]", "headquarters")
    page.click("[data-act=drafts]")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    home(page)
    page.wait_for_selector("[data-screen=today] [data-go=conflict]")


def say(at: Stage, kind: str, fields: dict[str, str]) -> None:
    """A record of headquarters."""
    log = at.hub.log(MISSION)
    try:
        with log.writing():
            record = {"asked_by": "m.lindqvist", **fields}
            at.hub.seat(log).write(log, kind, str(uuid7()), record, at.hub.now)
    finally:
        log.close()


def send_drafts(page: Page) -> None:
    """Send everything as it is."""
    tap(page, "today", "[data-go=headquarters]", "headquarters")
    page.click("[data-act=drafts]")
    page.wait_for_selector("[data-screen=headquarters] >> text=Headquarters has everything")


def give_notices(page: Page) -> None:
    """One urgent notice and a safe arrival."""
    tap(page, "today", "[data-go=urgent]", "urgent")
    page.check("[data-screen=urgent] input[value=lawyer]")
    page.fill("#u-text", "A1 was led away by two men without uniform (fictional).")
    page.click("[data-screen=urgent] .bottom button")
    page.wait_for_selector("[data-screen=urgent] [data-if=received]:visible")
    home(page)
    tap(page, "today", "[data-go=incident]", "incident")
    page.click("[data-act=arrived]")
    page.wait_for_selector("[data-screen=incident] [data-if=received]:visible")
    home(page)


def visits(page: Page) -> Iterator[str]:
    """Go through the screens, with everything on them opened; gives the name of each."""
    for name, way in WAYS.items():
        home(page)
        way(page)
        page.locator("[data-screen]:not([hidden]) details:not([open]) > summary").evaluate_all(
            "all => all.forEach((each) => each.parentElement.open = true)"
        )
        yield name


def _today(page: Page) -> None:
    page.wait_for_selector("[data-screen=today] [data-go=conflict]:visible")


def _case(page: Page) -> None:
    tap(page, "today", "[data-go=case]", "case")


def _case_new(page: Page) -> None:
    tap(page, "today", "[data-go=case_new]", "case_new")


def _brief(page: Page) -> None:
    page.locator("[data-of=coming] button").first.click()
    shown(page, "brief")


def _next_brief(page: Page) -> None:
    page.locator("[data-of=coming] button").last.click()
    shown(page, "brief")


def _log(page: Page) -> None:
    _brief(page)
    tap(page, "brief", "[data-act=open][data-to=log]", "log")


def _write(page: Page) -> None:
    _log(page)
    page.locator(".entries li", has_text=WORDS["request"]).locator("button").first.click()
    shown(page, "write")


def _checklist(page: Page) -> None:
    _log(page)
    tap(page, "log", "nav [data-go=checklist]", "checklist")
    section(page, "case")


def _persons(page: Page) -> None:
    _checklist(page)
    section(page, "person")


def _unasked(page: Page) -> None:
    _checklist(page)
    section(page, "child")
    page.wait_for_selector("[data-screen=checklist] [data-if=unasked]:visible")


def _submit(page: Page) -> None:
    _log(page)
    tap(page, "log", "nav [data-go=submit]", "submit")
    page.click("[data-screen=submit] button.main")
    page.wait_for_selector("[data-screen=submit] [role=alert]:visible")


def _files(page: Page) -> None:
    _log(page)
    tap(page, "log", "nav [data-go=files]", "files")
    page.click("[data-of=file] [data-act=look]")
    page.click("[data-of=file] [data-act=withdraw]")


def _custody(page: Page) -> None:
    _log(page)
    tap(page, "log", ".stamps [data-go=custody]", "custody")


def _history(page: Page) -> None:
    _checklist(page)
    page.locator("[data-item='case.charges'] [data-act=history]").first.click()
    shown(page, "history")


def _urgent(page: Page) -> None:
    tap(page, "today", "[data-go=urgent]", "urgent")
    page.click("[data-screen=urgent] [data-act=another]")


def _by_hand(page: Page) -> None:
    _headquarters(page)
    tap(page, "headquarters", "[data-go=by_hand]", "by_hand")


def _headquarters(page: Page) -> None:
    tap(page, "today", "[data-go=headquarters]", "headquarters")


def _phone(page: Page) -> None:
    _headquarters(page)
    tap(page, "headquarters", "[data-go=phone]", "phone")


def _from_today(name: str) -> Callable[[Page], None]:
    return lambda page: tap(page, "today", f"[data-go={name}]", name)


WAYS: dict[str, Callable[[Page], None]] = {
    "today": _today,
    "case": _case,
    "case_new": _case_new,
    "brief": _brief,
    "next brief": _next_brief,
    "log": _log,
    "write": _write,
    "checklist": _checklist,
    "persons": _persons,
    "unasked": _unasked,
    "submit": _submit,
    "urgent": _urgent,
    **{name: _from_today(name) for name in ("incident", "query", "conflict")},
    "custody": _custody,
    "history": _history,
    "files": _files,
    "headquarters": _headquarters,
    "by_hand": _by_hand,
    "phone": _phone,
}
