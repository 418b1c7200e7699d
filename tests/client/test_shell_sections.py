"""The questions and the rules' data that a phone gets: the laptop's own, and about nobody."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from observer.shell import Shell, edition
from observer.shell.packing import pack, unpack
from observer.shell.rules import USUAL
from schemas.checklist import SPECIAL
from schemas.library import default_checklist
from tests.client.shell_pages import Elements, browser_of, put_bundle

pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = put_bundle(tmp_path / "client")
    monkeypatch.setattr(edition, "BUNDLE", folder)
    return folder


@pytest.fixture(scope="module")
def english() -> Shell:
    """Rendered once; tests that change something make their own."""
    return Shell(["en"])


@pytest.fixture
def phone(english: Shell) -> FlaskClient:
    return browser_of(english)


def test_every_question_of_the_observer_is_there_once_and_takes_what_the_laptops_takes(
    english: Shell,
) -> None:
    checklist = default_checklist()
    files = english.edition("en").files
    for section in checklist.sections:
        text = files[f"sections/{section.id}.html"].body.decode()
        elements = Elements(text)
        asked = [item for item in section.items if item.who == "observer"]
        questions = list(elements.all("section"))
        assert [(q["data-item"], q["data-code"]) for q in questions] == [
            (item.id, item.code) for item in asked
        ]
        assert [q["class"] for q in questions] == ["question"] * len(asked)
        for item in asked:
            path = f"answers/{item.id}"
            values = [
                attrs["value"] for attrs in elements.all("input", name=path) if "value" in attrs
            ]
            if item.choices:
                assert values == [*item.choices, *SPECIAL]
            else:
                assert not values
                special = elements.all("input", name=f"special/{path}")
                assert [attrs["value"] for attrs in special] == list(SPECIAL)
            for area in ("entry", "comment"):
                assert len(list(elements.all("textarea", name=f"{area}/{path}"))) == 1


def test_a_section_speaks_of_nobody_and_leads_nowhere(english: Shell) -> None:
    for path, file in english.edition("en").files.items():
        if path.startswith("sections/"):
            for tag, attrs in Elements(file.body.decode()).found:
                assert tag not in ("a", "form", "script", "button"), tag
                assert not {"id", "href", "checked", "autofocus", "hidden"} & attrs.keys(), attrs


def test_guidance_and_what_a_question_rests_on_come_along(english: Shell) -> None:
    """Fetched right after the questions, and shown when it is opened."""
    guidance = json.loads(english.edition("en").files["guidance.json"].body)
    text = guidance["access.hearing_listed"]
    assert "Notice board, website or registry." in text
    assert "General Comment No. 32 (article 14 ICCPR), CCPR/C/GC/32, 28" in text
    asked = [i.id for i in default_checklist().items.values() if i.who == "observer"]
    assert list(guidance) == asked


def test_questions_are_in_ones_language() -> None:
    text = Shell(["en", "fr"]).edition("fr").files["sections/access.html"].body.decode()
    english = Shell(["en"]).edition("en").files["sections/access.html"].body.decode()
    assert text != english


def test_packed_sections_are_the_sections(english: Shell) -> None:
    made = english.edition("en")
    packed = json.loads(made.sections.body)
    sections = {p: f.body.decode() for p, f in made.files.items() if p.startswith("sections/")}
    assert {path: unpack(pieces) for path, pieces in packed.items()} == sections
    assert unpack(pack("<p>no question</p>")) == "<p>no question</p>"
    with pytest.raises(ValueError, match="private use"):
        pack("a \ue001 b")


# What the rules need


def test_the_checklist_is_all_there_without_its_wording(phone: FlaskClient) -> None:
    checklist = default_checklist()
    found = phone.get("/app/en/checklist.json").get_json(force=True)
    assert found["sha256"] == checklist.sha256
    items: dict[str, Any] = {}
    for section, told in zip(checklist.sections, found["sections"], strict=True):
        assert (told["id"], told["letter"], told["stage"]) == (
            section.id,
            section.letter,
            section.stage,
        )
        items.update({item["id"]: item for item in told["items"]})
    gates = checklist.gates
    kept = [i.id for i in checklist.items.values() if i.who == "observer" or i.id in gates]
    assert list(items) == kept
    for item in (checklist.items[id_] for id_ in kept):
        told = items[item.id]
        assert told["code"] == item.code
        for name, usual in USUAL.items():
            value = getattr(item, name)
            if name == "relevant_if" and value is not None:
                value = {"item": value.item, "any_of": list(value.any_of)}
            assert told.get(name, _listed(usual)) == _listed(value), (item.id, name)
        assert not {"text", "help", "sources"} & told.keys()


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
