"""The quick way through the envelope passes nothing that the schema does not pass."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import envelope
from schemas.envelope import KINDS, EnvelopeSchema, envelope_problems

SOUND = {
    "v": 1,
    "mission": "training",
    "device": "01a20dde-d0f0-7bc3-8a2d-dde942d37122",
    "seq": 2,
    "prev": "ab" * 32,
    "author": "OBS-1",
    "kind": "observation",
    "record": "01a20dde-d0f0-7bc3-8a2d-dde942d37123",
    "parents": ["cd" * 32],
    "recorded_at": "2026-03-02T09:30:00.000Z",
    "set": {"mode": "full"},
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.sampled_from(["", "training\n", "OBS-1\n", "ab" * 32, "AB" * 32, "hub", *KINDS]),
    st.sampled_from(["2026-13-02T09:30:00Z", "2026-03-02T09:30:00", "2026-03-02T09:30:00+01:00"]),
    st.lists(st.sampled_from(["cd" * 32, "x", 1, None]), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.text(max_size=8),
)


@given(st.dictionaries(st.sampled_from([*SOUND, "more"]), ODD, max_size=3), st.data())
def test_the_quick_way_agrees_with_the_schema(changed: dict[str, Any], data: st.DataObject) -> None:
    document = {**SOUND, **changed}
    for name in data.draw(st.sets(st.sampled_from(sorted(SOUND)), max_size=1)):
        del document[name]
    agrees(document)


@pytest.mark.parametrize("name", SOUND)
def test_of_null_too(name: str) -> None:
    agrees({**SOUND, name: None})
    assert envelope_problems({**SOUND, name: None})


def agrees(document: dict[str, Any]) -> None:
    if envelope._plainly_sound(document):
        assert not EnvelopeSchema().validate(document)


@pytest.mark.parametrize(
    "text", ["２０２６-03-02T09:30:00Z", "2026-03-02T٠٩:30:00Z", "2026-03-02T09:30:00.१Z"]
)
def test_digits_of_other_scripts_make_no_time(text: str) -> None:
    assert not envelope.RFC3339.fullmatch(text)
    assert not envelope.is_instant(text)


def test_what_is_sound_goes_the_quick_way() -> None:
    assert envelope._plainly_sound(SOUND)
    assert not envelope_problems(SOUND)
    for first in ({"seq": 1, "prev": ""}, {"seq": 2, "prev": ""}, {"seq": 1}):
        assert bool(envelope_problems({**SOUND, **first})) == (first != {"seq": 1, "prev": ""})
