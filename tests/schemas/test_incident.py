import json
import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid6 import uuid7

from schemas.incident import INCIDENT_KINDS, NEEDS, WAITING_KINDS, incident_code
from schemas.records import FACT, SEALED, TEXT, field_class
from sync.invitation import plain_code

VECTORS = json.loads(resources.files("schemas").joinpath("vectors", "incident.json").read_bytes())


@pytest.mark.parametrize("vector", VECTORS["codes"], ids=lambda vector: vector["code"])
def test_vector(vector: dict[str, Any]) -> None:
    assert incident_code(vector["record"]) == vector["code"]


def test_the_lists_are_those_of_the_vectors() -> None:
    assert list(INCIDENT_KINDS) == VECTORS["kinds"]
    assert list(NEEDS) == VECTORS["needs"]
    assert set(WAITING_KINDS) < set(INCIDENT_KINDS)


@given(st.integers(0, (1 << 128) - 1))
def test_a_code_is_six_signs_of_the_last_thirty_bits(number: int) -> None:
    text = f"{number:032x}"
    record = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    code = incident_code(record)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{6}", code)
    assert plain_code(code) == code
    assert sum(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(sign) << 5 * place
        for place, sign in enumerate(reversed(code))
    ) == number % (1 << 30)


def test_new_incidents_have_different_codes() -> None:
    assert len({incident_code(str(uuid7())) for _ in range(200)}) == 200


def test_what_is_said_in_words_is_no_fact() -> None:
    facts = ("kind", "case", "hearing", "observation", "persons", "needs", "code", "opened_at")
    assert {field_class("incident", name) for name in (*facts, "practice")} == {FACT}
    assert {field_class("incident", name) for name in ("text", "withdrawn")} == {TEXT}
    assert field_class("incident", "sealed") == SEALED
    assert field_class("mission", "emergency") == TEXT
    assert field_class("review", "incident") == FACT
