"""A push as it travels: which shapes a change has on the wire, and how much goes at once."""

from typing import Final

from sync.errors import BadRequest, TooLarge

# A change as it came: payload and signature; of an erased one envelope, signature and hash.
Wire = tuple[str, str] | tuple[str, str, str]

MAX_CHANGES: Final = 100
MAX_BODY_BYTES: Final = 1_000_000


def wires(document: object) -> list[Wire]:
    """The changes of a push body.

    :raises BadRequest: not ``{"changes": [...]}`` with ``payload`` and ``signature`` each, or of an
        erased one ``envelope``, ``signature`` and ``hash``
    :raises TooLarge: more than 100 changes
    """
    if not isinstance(document, dict) or not {"changes"} <= set(document) <= {
        "changes",
        "receipts",
    }:
        raise BadRequest('A push is {"changes": [...]}.')
    changes = document["changes"]
    if not isinstance(changes, list):
        raise BadRequest('A push is {"changes": [...]}.')
    if len(changes) > MAX_CHANGES:
        raise TooLarge(f"A push has at most {MAX_CHANGES} changes; send them in parts.")
    return [_wire(change) for change in changes]


def _wire(change: object) -> Wire:
    if isinstance(change, dict) and all(isinstance(text, str) for text in change.values()):
        if set(change) == {"payload", "signature"}:
            return change["payload"], change["signature"]
        if set(change) == {"envelope", "signature", "hash"}:
            return change["envelope"], change["signature"], change["hash"]
    raise BadRequest('A change is {"payload": text, "signature": text}.')
