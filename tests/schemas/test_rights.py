"""Who may write what: every cell of the table, said once more in words."""

import pytest

from schemas.envelope import KINDS
from schemas.rights import HUB, ROLES, Standing, Writer, may_write

# How the writer stands to the record.
NOBODYS, OWN, ASSIGNED, FOREIGN = "nobody's yet", "own", "another's, assigned", "another's"
STANDINGS = {
    NOBODYS: Standing(None),
    OWN: Standing("ME"),
    ASSIGNED: Standing("OTHER", {"ME"}),
    FOREIGN: Standing("OTHER", {"THIRD"}),
}
HEADQUARTERS = {
    *("mission", "device", "checklist", "assignment", "review", "erasure", "finding", "follow_up"),
}
SHARED = {"case", "person", "hearing"}
AUTHORS = {"observation", "attachment", "source", "incident", "translation"}


def table(role: str, kind: str, standing: str, field: str) -> bool:
    """The rule in words."""
    if role == HUB:
        return kind in HEADQUARTERS or kind == "query"
    if role == "relay" or kind in HEADQUARTERS:
        return False
    if kind == "query":
        return standing != NOBODYS and field == "reply/x"
    if kind in SHARED:
        return standing != FOREIGN
    assert kind in AUTHORS
    return standing in (NOBODYS, OWN)


@pytest.mark.parametrize("role", [HUB, *ROLES])
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell(role: str, kind: str) -> None:
    for name, standing in STANDINGS.items():
        for field in ("title", "reply/x"):
            got = may_write(Writer("ME", role), kind, [field], standing)
            assert got == table(role, kind, name, field), (role, kind, name, field)


def test_a_reply_beside_something_else_is_no_reply() -> None:
    assert not may_write(Writer("ME", "observer"), "query", ["reply/x", "question"], Standing("HQ"))


def test_every_kind_has_its_row() -> None:
    assert set(KINDS) == HEADQUARTERS | SHARED | AUTHORS | {"query"}
