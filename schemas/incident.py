"""Urgent notices, incidents and safe arrivals: their closed lists, and the code that is read out.

Pure. ``schemas/vectors/incident.json`` holds ids with their codes; a phone computes the same.
"""

from typing import Final

INCIDENT_KINDS: Final = ("urgent", "incident", "safe_arrival")
NEEDS: Final = (
    "call_back",
    "lawyer",
    "doctor",
    "interpreter",
    "consulate",
    "attend_next_hearing",
    "publicity",
    "leave",
    "other",
)
# What somebody at headquarters must see; a safe arrival asks for nothing.
WAITING_KINDS: Final = ("urgent", "incident")
ACKNOWLEDGED: Final = "acknowledged"
CODE_LENGTH: Final = 6
# Crockford's base 32: no I, L, O, U, so that a code can be read out over a bad line.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS: Final = 5 * CODE_LENGTH


def incident_code(record: str) -> str:
    """The code of an incident: the last 30 bits of its record's UUID, the highest five first.

    They are random in a UUID of version 7. The code names a record to who has it, and proves
    nothing.

    :param record: the id as it stands in the change, lower case with hyphens
    """
    tail = int(record[-8:], 16) % (1 << _BITS)
    return "".join(_ALPHABET[tail >> shift & 31] for shift in range(_BITS - 5, -1, -5))
