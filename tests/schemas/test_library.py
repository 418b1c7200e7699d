import hashlib
import json
from importlib import resources
from typing import Any

import pytest

from schemas import library
from schemas.checklist import SPECIAL, Checklist
from schemas.checklist_schema import ChecklistError
from schemas.extension import with_extension
from schemas.library import (
    checklist_by_hash,
    default_checklist,
    extended_checklist,
    instruments,
    load_published,
    option_label,
    provisions_for,
    published,
    read_published,
)
from schemas.wording import Wording, label_problems, load_wording

FILES = resources.files("schemas").joinpath("checklists")
LEDGER = published()
EVERYTHING = extended_checklist()


def body(entry: Any) -> bytes:
    return FILES.joinpath(entry["file"]).read_bytes()


@pytest.mark.parametrize("entry", LEDGER, ids=lambda entry: entry["file"])
def test_a_published_file_still_has_its_hash_and_loads(entry: Any) -> None:
    assert hashlib.sha256(body(entry)).hexdigest() == entry["sha256"]
    checklist = checklist_by_hash(entry["sha256"])
    assert (checklist.id, checklist.version) == (entry["id"], entry["version"])
    assert checklist.sha256 == entry["sha256"]
    assert load_published(entry["id"], entry["version"]) is checklist


@pytest.mark.parametrize("entry", LEDGER, ids=lambda entry: entry["file"])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_changed_byte_is_refused(entry: Any, place: float) -> None:
    changed = bytearray(body(entry))
    changed[int(place * (len(changed) - 1))] ^= 1
    with pytest.raises(ChecklistError, match="was changed"):
        read_published(bytes(changed), entry["sha256"])


@pytest.mark.parametrize("entry", LEDGER, ids=lambda entry: entry["file"])
def test_a_byte_more_or_less_is_refused(entry: Any) -> None:
    for changed in (body(entry)[:-1], body(entry) + b"\n"):
        with pytest.raises(ChecklistError):
            read_published(changed, entry["sha256"])


def test_the_hashes_of_version_2_0_0_never_change() -> None:
    # They stand here as well as in the ledger, so that file and ledger cannot change together.
    assert {entry["file"]: entry["sha256"] for entry in LEDGER} == {
        "default-due-process-2.0.0.json": (
            "fb723fcae6a4792e229a06743fc1091ee1fd978f1bada6d93f9c40c9538be111"
        ),
        "default-due-process-extended-2.0.0.json": (
            "f13b55a65f800770deb6ce656ac76cb4f2fd31b936559ec9c727d57a3595826e"
        ),
    }


def test_what_is_not_published_is_said_plainly() -> None:
    with pytest.raises(ChecklistError, match="not on this machine"):
        checklist_by_hash("0" * 64)
    with pytest.raises(ChecklistError, match="no checklist default-due-process 9"):
        load_published("default-due-process", "9.0.0")


def test_the_default_checklist_is_whole() -> None:
    checklist = default_checklist()
    assert (len(checklist.sections), len(checklist.items)) == (26, 222)
    assert len(EVERYTHING.items) == 249
    assert len(checklist.by_code) == len(checklist.items)
    assert set(checklist.items) < set(EVERYTHING.items)
    optional = set(EVERYTHING.items) - set(checklist.items)
    assert all(int(EVERYTHING.items[item].code[1:]) >= 61 for item in optional)
    assert all(int(item.code[1:]) < 61 for item in checklist.items.values())


def test_the_extension_makes_the_published_file_byte_for_byte() -> None:
    name = "default-due-process-extended-2.0.0.json"
    base = json.loads(FILES.joinpath("default-due-process-2.0.0.json").read_bytes())
    extension = json.loads(FILES.joinpath("extensions", name).read_bytes())
    assert with_extension(base, extension) == FILES.joinpath(name).read_bytes()


def test_all_instruments_are_there() -> None:
    assert len(instruments()) == 47
    assert sum(len(instrument.provisions) for instrument in instruments().values()) == 369


def test_what_needs_checking_is_kept_and_never_shown_as_authority() -> None:
    provisions = [p for instrument in instruments().values() for p in instrument.provisions]
    assert sum(not p.is_authority for p in provisions) == 46
    for item in EVERYTHING.items.values():
        shown = provisions_for(item)
        assert all(authority.is_authority for authority in shown)
        assert len(shown) <= len(item.sources)
    hidden = EVERYTHING.items["child.sentence_aim"]
    assert any(source.instrument == "gc24" for source in hidden.sources)
    assert not any("79-81" in authority.ref for authority in provisions_for(hidden))


@pytest.mark.parametrize(
    ("item", "option", "label"),
    [
        ("case.max_penalty", "custody_under_5y", "Custody under 5 years"),
        ("access.audible", "not_observed", "Not observed"),
        ("counsel.represented", "none", "Nobody"),
        ("hearing.features", "none", "None of these"),
        ("hearing.kind", "first_appearance", "First appearance"),
        ("observer.interpreter_used", "none", "Not at all"),
        ("death.protected_persons", "under_18_at_act", "Under 18 at the time of the act"),
    ],
)
def test_an_option_in_words(item: str, option: str, label: str) -> None:
    assert option_label(EVERYTHING.items[item], option) == label
    assert option_label(EVERYTHING.items[item], option, "xx") == label
    assert option_label(EVERYTHING.items[item], option, "../en") == label


WORDINGS = [file for file in FILES.joinpath("wording").iterdir() if file.name.endswith(".json")]
LABELS = [file for file in FILES.joinpath("labels").iterdir() if file.name.endswith(".json")]


@pytest.mark.parametrize("file", LABELS, ids=lambda file: file.name)
def test_labels_name_real_options(file: Any) -> None:
    assert label_problems(json.loads(file.read_bytes()), EVERYTHING) == []


@pytest.mark.parametrize("file", WORDINGS, ids=lambda file: file.name)
def test_a_language_has_words_for_every_option_asked_in_court(file: Any) -> None:
    labels = json.loads(FILES.joinpath("labels", f"{file.name.split('.')[-2]}.json").read_bytes())
    asked = (item for item in EVERYTHING.items.values() if item.who == "observer")
    options = {option for item in asked for option in (*item.choices, *SPECIAL)}
    assert options <= set(labels)


def test_strange_labels_are_found() -> None:
    labels = {"yes": "Yes", "nothing_such": "?", "access.audible/closed": "?", "no": ""}
    assert label_problems(labels, EVERYTHING) == [
        "nothing_such: there is no such option",
        "access.audible/closed: there is no such option",
        "no: a label is a text",
    ]


@pytest.mark.parametrize("file", WORDINGS, ids=lambda file: file.name)
def test_a_wording_is_sound_and_falls_back(file: Any) -> None:
    language = file.name.split(".")[-2]
    found = library.wording(EVERYTHING, language)
    assert all(found.text(item) for item in EVERYTHING.items)
    assert all(found.section(s.id) != s.title for s in EVERYTHING.sections if s.id != "sentence")
    assert 0 < found.complete <= 1


def test_the_published_words_are_whole_and_an_unknown_language_has_none() -> None:
    checklist = default_checklist()
    assert library.wording(checklist, "en").complete == 1
    for language in ("xx", "../../labels/en", "", "fr/../fr"):
        found = library.wording(checklist, language)
        assert found.text("hearing.kind") == checklist.items["hearing.kind"].text
        assert found.section("hearing") == "Hearing log"


def words(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "trial-observation-wording/1",
        "checklist": "default-due-process",
        "language": "xx",
        "status": "draft",
        "sections": {"hearing": "Title"},
        "items": {"access.public_admitted": {"text": "Text", "anchor_partly": "Partly"}},
        **changes,
    }


def test_a_wording_word_by_word() -> None:
    checklist = default_checklist()
    found = Wording(checklist, "xx", load_wording(words(), "xx", checklist))
    assert found.text("access.public_admitted") == "Text"
    assert found.help("access.public_admitted") == checklist.items["access.public_admitted"].help
    assert found.anchor_partly("access.public_admitted") == "Partly"
    assert found.anchor_partly("access.audible") is None
    assert found.section("hearing") == "Title"
    assert found.section("case") == "Case identification"
    assert found.complete == pytest.approx(1 / 222)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"items": {"hearing.nothing": {"text": "Text"}}}, "hearing.nothing: .* does not exist"),
        ({"items": {"hearing.kind": {"title": "Text"}}}, "items.hearing.kind.value.title"),
        ({"items": {"hearing.kind": {"text": ""}}}, "items.hearing.kind.value.text"),
        ({"items": {"hearing.kind": {"anchor_partly": "x"}}}, "hearing.kind: .* the checklist"),
        ({"sections": {"nothing": "Title"}}, "nothing: .* section that does not exist"),
        ({"language": "yy"}, "language: the file is named for xx"),
        ({"more": 1}, "more: Unknown field"),
    ],
)
def test_an_unsound_wording_is_refused(changes: dict[str, Any], problem: str) -> None:
    checklist: Checklist = default_checklist()
    with pytest.raises(ChecklistError, match=problem):
        load_wording(words(**changes), "xx", checklist)
