"""The profile of a payload: the JSON text that Python and JavaScript write byte for byte alike.

I-JSON (RFC 7493) narrowed: integers within 2^53-1, no fractions, no NUL, no lone surrogate, keys
``[a-z_][a-z0-9_./-]*``, at most 64 kB and 8 levels, and the text equals its own re-serialisation
(``JSON.stringify(JSON.parse(p)) === p``). Nobody re-serialises what was signed; equality only
makes sure that no two texts mean one thing.
"""

import json
import re
from typing import Any, NoReturn

from sync.errors import BadPayload, TooLarge

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1
KEY = re.compile(r"[a-z_][a-z0-9_./-]*")

# Not looking for circles spares a tenth: JSON text has none, and in what is made here the depth of
# the stack ends one.
_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode
_known_keys: set[str] = set()
_MAX_KNOWN_KEYS = 20_000


def dump_payload(document: dict[str, Any]) -> str:
    """The payload text of a document.

    :raises TooLarge: over 64 kB as UTF-8
    :raises BadPayload: the document is outside the profile, so it must never be signed
    """
    try:
        text = _encode(document)
        size = len(text.encode("utf-8"))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadPayload(f"This cannot be written as a change: {error}.") from error
    if size > MAX_BYTES:
        raise TooLarge(f"A change of {size} bytes is over the limit of {MAX_BYTES}; split it.")
    parse_payload(text)
    return text


def parse_payload(text: str) -> dict[str, Any]:
    """The document of a payload text, or the first reason why it is not one.

    :raises TooLarge: over 64 kB as UTF-8
    :raises BadPayload: anything else outside the profile
    """
    try:
        if len(text) > MAX_BYTES or len(text.encode("utf-8")) > MAX_BYTES:
            raise TooLarge(f"A payload has at most {MAX_BYTES} bytes.")
    except UnicodeEncodeError as error:
        raise BadPayload("The payload is not Unicode text.") from error
    try:
        document = _decode(text)
        if not isinstance(document, dict):
            raise BadPayload("A payload is a JSON object.")
        _walk(document, 1)
        if _encode(document) != text:
            raise BadPayload("The payload is not in its one canonical form.")
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadPayload("The payload is not JSON of at most 8 levels.") from error
    return document


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise BadPayload("Integers lie within 2^53-1.")
    return int(digits)


def _no_number(_text: str) -> NoReturn:
    raise BadPayload("Numbers are integers; write decimals as strings.")


_decode = json.JSONDecoder(
    parse_int=_integer, parse_float=_no_number, parse_constant=_no_number
).decode


def _walk(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadPayload(f"A payload has at most {MAX_DEPTH} levels.")
    children = value
    if isinstance(value, dict):
        for key in value:
            if key not in _known_keys:
                _check_key(key)
        children = value.values()
    # One call for each container, none for each value: this is where intake spends its time.
    for child in children:
        kind = type(child)
        if kind is str:
            if "\x00" in child:
                raise BadPayload("Text has no NUL character.")
        elif kind is dict or kind is list:
            _walk(child, depth + 1)


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise BadPayload("Keys are lower case: [a-z_][a-z0-9_./-]*.")
    if len(_known_keys) < _MAX_KNOWN_KEYS and len(key) <= 120:
        _known_keys.add(key)
