"""Urgent notices, custody of the phone, questions and versions, with a real headquarters."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fleet import enrolled
from playwright.sync_api import Page, expect
from uuid6 import uuid7

from schemas.incident import NEEDS
from schemas.late import HANDED_IN, RETURNED, phone_gaps
from sync.change import Change
from sync.clock import utc_now
from tests.client.stage import Stage, begin, open_hearing, saved, stage
from tests.review.hub_process import MISSION, environment, wait_for

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)  # milliseconds
PHONE = "+43 1 555 0100"
REVIEWER = "m.lindqvist"
NOTICE = "[data-screen=urgent] [data-of=notice]"
CHARGES = "answers/case.charges"
CHARGES_FIELD = f'[data-screen=checklist] [name="{CHARGES}"]'


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as started:
        started.hub.store.add_reviewer(REVIEWER, "never signs in here", "reviewer", MISSION)
        started.hub.set_mission(MISSION, {"phone": PHONE, "emergency": "Get to a safe place."})
        yield started


@pytest.fixture
def page(page_factory: Callable[..., Page], at: Stage) -> Page:
    """A phone in a hearing, at its log."""
    made = page_factory(360, 640)
    begin(made, at)
    open_hearing(made)
    return made


def go(page: Page, start: str, name: str) -> None:
    """From Today or a hearing's screen by its button."""
    page.locator(f"[data-screen={start}] [data-go={name}]:visible").first.click()
    page.wait_for_selector(f"[data-screen={name}]:not([hidden])")


def home(page: Page) -> None:
    page.click(".home")
    page.wait_for_selector("[data-screen=today]:not([hidden])")


def offline(page: Page) -> None:
    """Without network from now on, once the app needs none."""
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready")
    page.context.set_offline(True)


def look(page: Page) -> None:
    """The network is there again, or there is something new."""
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")


def say(at: Stage, kind: str, fields: Mapping[str, Any]) -> str:
    """A record of headquarters; its id."""
    record = str(uuid7())
    log = at.hub.log(MISSION)
    try:
        with log.writing():
            at.hub.seat(log).write(log, kind, record, fields, at.hub.now)
    finally:
        log.close()
    return record


def acknowledge(at: Stage, code: str, comment: str) -> None:
    """What somebody at headquarters does with the code that was read out."""
    subprocess.run(
        [*(sys.executable, "-m", "review.cli", "acknowledge", MISSION, code)]
        + ["--by", REVIEWER, "--comment", comment],
        env=environment(at.hub.instance),
        check=True,
        timeout=60,
    )


def write_long(page: Page, count: int) -> None:
    """A hearing's log that is large and not sent."""
    for number in range(count):
        page.click("[data-screen=log] [data-kind=note]")
        page.click("[data-screen=log] .entries li:first-of-type [data-act=write]")
        page.fill("#w-text", f"{number} " + "fictional words " * 600)
        page.click("[data-screen=write] button.main")
        page.wait_for_selector("[data-screen=log]:not([hidden])")
    saved(page)


def test_urgent_goes_before_all_else_and_comes_back_acknowledged(at: Stage, page: Page) -> None:
    write_long(page, 12)
    page.click("[data-screen=log] summary:has-text('More')")
    go(page, "log", "urgent")
    page.check("[data-screen=urgent] input[name=persons]")
    page.check("[data-screen=urgent] input[value=lawyer]")
    page.fill("#u-text", "A1 was led away by two men without uniform (fictional).")
    page.click("[data-screen=urgent] button.main")
    wait_for(lambda: at.changes("incident"), 20)
    (notice,) = at.changes("incident")
    assert (notice.seq, notice.set["kind"], notice.set["needs"]) == (1, "urgent", ["lawyer"])
    assert not at.changes("observation"), "the hearing is not submitted with it"
    expect(page.locator(f"{NOTICE} [data-if=received]")).to_be_visible()
    expect(page.locator(f"{NOTICE} [data-if=acknowledged]")).to_be_hidden()
    wait_for(lambda: {p.record for p in at.changes("person")} == set(notice.set["persons"]), 20)
    code = page.inner_text(f"{NOTICE} .readout")
    acknowledge(at, code, "We call you in five minutes.")
    look(page)
    acknowledged = page.locator(f"{NOTICE} [data-if=acknowledged]")
    expect(acknowledged).to_be_visible()
    expect(acknowledged).to_contain_text(f"Read at headquarters by {REVIEWER}")
    expect(acknowledged).to_contain_text("We call you in five minutes.")


def test_without_network_there_are_a_number_and_a_code_also_after_a_restart(
    at: Stage, page: Page
) -> None:
    home(page)
    go(page, "today", "urgent")
    expect(page.locator("[data-screen=urgent] [data-text=emergency]")).to_have_text(
        "Get to a safe place."
    )
    page.check("[data-screen=urgent] input[value=call_back]")
    offline(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.is_checked("[data-screen=urgent] input[value=call_back]"), "what was begun is kept"
    page.click("[data-screen=urgent] button.main")
    expect(page.locator(f"{NOTICE} [data-if=saved]")).to_be_visible()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator(NOTICE)).to_have_count(1)
    expect(page.locator(f"{NOTICE} [data-if=waiting]")).to_be_visible()
    for state in ("received", "passed", "acknowledged"):
        expect(page.locator(f"{NOTICE} [data-if={state}]")).to_be_hidden()
    call = page.locator(f"{NOTICE} a.call")
    assert (call.inner_text(), call.get_attribute("href")) == (PHONE, "tel:+4315550100")
    code = page.inner_text(f"{NOTICE} .readout")
    assert re.fullmatch(r"[0-9A-Z]{3} [0-9A-Z]{3}", code)
    height = page.locator(f"{NOTICE} .readout").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert height >= 32, "it is read out by somebody in a hurry"
    look(page)
    expect(page.locator(f"{NOTICE} [data-if=received]")).to_be_visible()
    assert at.changes("incident")[0].set["code"] == code.replace(" ", "")


def test_a_safe_arrival_is_one_tap_and_two_taps_are_one(at: Stage, page: Page) -> None:
    home(page)
    go(page, "today", "incident")
    page.dblclick("[data-screen=incident] [data-act=arrived]")
    expect(page.locator("[data-screen=incident] [data-if=received]:visible")).to_have_count(1)
    (arrival,) = at.changes("incident")
    assert arrival.set["kind"] == "safe_arrival"
    offered = page.locator("[data-screen=incident] input[name=needs]").evaluate_all(
        "boxes => boxes.map((box) => box.value)"
    )
    assert sorted(offered) == sorted(NEEDS)


def test_handed_in_and_got_back_mark_the_gap(at: Stage, page: Page) -> None:
    page.click("[data-screen=log] .stamps [data-go=custody]")
    expect(page.locator("[data-screen=custody] [data-text=count]")).to_contain_text(
        "only on this phone"
    )
    page.click("[data-screen=custody] [data-act=hand_in]")
    page.wait_for_selector(".away:not([hidden])")
    assert page.locator("body :text-matches('.')").evaluate_all(SEEN) == ["Got it back"]
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.wait_for_selector(".away:not([hidden])")
    page.click("[data-screen=custody] [data-act=returned]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    expect(page.locator(".entries [data-of=entry]").first).to_contain_text("without the phone")
    page.click("[data-screen=log] .stamps [data-go=custody]")
    page.click("[data-screen=custody] [data-act=send]")
    expect(page.locator("[data-screen=custody] [data-unless=some]")).to_be_visible()
    values = at.changes("observation")[-1].set
    kinds = [value["kind"] for path, value in sorted(values.items()) if path.startswith("log/")]
    assert kinds == [HANDED_IN, RETURNED]
    (gap,) = phone_gaps(values)
    assert gap.until is not None


# What of some elements is really on top, where a finger and an eye would meet it.
SEEN = """elements => [...new Set(elements.filter((element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  return width && height && top === element;
}).map((element) => element.textContent.trim()))]"""


def answer_charges(page: Page, words: str) -> None:
    """Answer the first question of the checklist."""
    page.wait_for_selector(CHARGES_FIELD)
    page.fill(CHARGES_FIELD, words)
    page.locator(CHARGES_FIELD).blur()
    saved(page)


def send_all(page: Page) -> None:
    """Send what there is, from the page that shows it before the phone is handed in."""
    go(page, "checklist", "log")
    page.click("[data-screen=log] .stamps [data-go=custody]")
    page.click("[data-screen=custody] [data-act=send]")


def answered(at: Stage, page: Page) -> Change:
    """The first question answered and at headquarters."""
    go(page, "log", "checklist")
    answer_charges(page, "Article 14 (fictional)")
    send_all(page)
    wait_for(lambda: any(CHARGES in each.set for each in at.changes("case")), 20)
    expect(page.locator("[data-screen=custody] [data-unless=some]")).to_be_visible()
    return next(each for each in at.changes("case") if CHARGES in each.set)


def test_a_question_of_headquarters_is_answered_beside_the_original(at: Stage, page: Page) -> None:
    before = answered(at, page)
    (observation,) = {each.record for each in at.changes("observation")}
    question = "Was article 14 read out in court?"
    query = say(
        at,
        "query",
        {"observation": observation, "field": CHARGES, "question": question, "asked_by": REVIEWER},
    )
    home(page)
    look(page)
    page.locator("[data-screen=today] [data-go=query]").click()
    expect(page.locator("[data-screen=query] [data-text=question]")).to_have_text(question)
    expect(page.locator("[data-screen=query] [data-text=value]")).to_have_text(
        "Article 14 (fictional)"
    )
    page.fill("#q-text", "The clerk read it out (fictional).")
    saved(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#q-text")).to_have_value("The clerk read it out (fictional).")
    page.click("[data-screen=query] button.main")
    expect(page.locator("[data-screen=query] [data-of=reply] .kept")).to_be_visible()
    reply = next(each for each in at.changes("query") if each.author == "OBS-1")
    ((path, said),) = reply.set.items()
    entry = path.removeprefix("reply/")
    assert (reply.record, said["entry"]) == (query, entry)
    written = next(each for each in at.changes("observation") if f"log/{entry}" in each.set)
    assert written.set[f"log/{entry}"]["prompted_by"] == query
    assert [each.hash for each in at.changes("case") if CHARGES in each.set] == [before.hash]
    home(page)
    expect(page.locator("[data-screen=today] [data-go=query]:visible")).to_have_count(0)


def test_two_versions_are_shown_one_is_kept_and_the_history_has_all(
    at: Stage, page: Page, tmp_path: Path
) -> None:
    before = answered(at, page)
    invitation = at.hub.invite(MISSION, "OBS-1", "observer", 600, at.ingest.address)
    other = enrolled(invitation, tmp_path)
    try:
        other.sync()
        offline(page)
        value = {**before.set[CHARGES], "value": "Article 15 (fictional)", "answered_at": utc_now()}
        other.write("case", before.record, {CHARGES: value})
        other.sync()
    finally:
        other.close()
    go(page, "custody", "log")
    go(page, "log", "checklist")
    answer_charges(page, "Article 16 (fictional)")
    send_all(page)
    expect(page.locator("[data-screen=custody] [data-if=waiting]")).to_be_visible()
    look(page)
    expect(page.locator("[data-screen=custody] [data-unless=some]")).to_be_visible()
    home(page)
    go(page, "today", "conflict")
    kept = page.locator("[data-screen=conflict] [data-of=telling]", has_text="Article 15")
    expect(kept).to_contain_text("OBS-1")
    kept.locator("[data-act=keep]").click()
    expect(kept).to_contain_text("Kept")
    page.click("[data-screen=conflict] [data-act=send]")
    expect(page.locator("[data-screen=conflict] [data-if=nothing]")).to_be_visible()
    home(page)
    go(page, "today", "brief")
    page.click("[data-screen=brief] [data-act=open][data-to=checklist]")
    expect(page.locator(CHARGES_FIELD)).to_have_value("Article 15 (fictional)")
    page.locator("[data-screen=checklist] [data-item='case.charges'] [data-act=history]").click()
    versions = page.locator("[data-screen=history] [data-of=version] [data-text=words]")
    expect(versions).to_have_text([f"Article {number} (fictional)" for number in (15, 16, 15, 14)])
