"""The profile of a payload."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import BadPayload, TooLarge
from sync.profile import dump_payload, parse_payload

KEYS = st.from_regex(r"[a-z_][a-z0-9_./-]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, object]) -> None:
    try:
        text = dump_payload(document)
    except BadPayload:
        return
    assert parse_payload(text) == document


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        '{"a": 1}',
        '{"a":1.5}',
        '{"a":1e3}',
        '{"a":NaN}',
        '{"a":-0}',
        '{"a":9007199254740992}',
        '{"a":1,"a":2}',
        '{"A":1}',
        '{"1":1}',
        '{"a":"\\u0000"}',
        '{"a":"\\ud800"}',
        '{"a":"\\u00e9"}',
        '{"a":' + "[" * 9 + "]" * 9 + "}",
        "[" * 60_000,
        '{"a":1}\n',
        '\ufeff{"a":1}',
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(BadPayload):
        parse_payload(text)


def test_a_large_text_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_payload(json.dumps({"a": "x" * 70_000}, separators=(",", ":")))


def test_a_document_in_a_circle_cannot_be_written() -> None:
    document: dict[str, object] = {}
    document["a"] = document
    with pytest.raises(BadPayload):
        dump_payload(document)
