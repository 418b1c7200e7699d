"""The people of headquarters: their names, roles, missions and passphrases.

A passphrase is shown once and kept as a slow hash in the form that the sign-in page checks.
"""

import re
import secrets
from typing import Final

from review.errors import NotAcceptable
from review.store.enrolment import EnrolmentStore

NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
ROLES: Final = ("reviewer", "lead", "analyst", "publisher", "admin")
SHORTEST: Final = 12  # characters of a password that somebody chose
WORDS: Final = 5
_CONSONANTS: Final = "bdfgklmnprstvz"
_VOWELS: Final = "aeiou"


def new_passphrase() -> str:
    """Five made-up words of five letters, 68 bits in all: to be read out, typed and remembered."""
    return "-".join(
        "".join(secrets.choice(_VOWELS if place % 2 else _CONSONANTS) for place in range(5))
        for _ in range(WORDS)
    )


def add_reviewer(
    store: EnrolmentStore, name: str, role: str, mission: str, password: str | None
) -> str | None:
    """Let a person into a mission; a person who is known keeps the passphrase and the role.

    :param password: the password, or ``None`` for a new passphrase
    :return: the new person's passphrase, to be shown once; ``None`` if there is none to show
    :raises NotAcceptable: the name, the role or the password is not of its form
    """
    if not NAME.fullmatch(name):
        raise NotAcceptable(
            f"{name!r} cannot be a sign-in name. Take small letters and digits, such as vera."
        )
    if role not in ROLES:
        raise NotAcceptable(f"{role!r} is not a role. Roles are: {', '.join(ROLES)}.")
    if any(known["id"] == name for known in store.reviewers()):
        store.add_mission(name, mission)
        return None
    if password is not None and len(password) < SHORTEST:
        raise NotAcceptable(f"A password has at least {SHORTEST} characters.")
    shown = new_passphrase() if password is None else None
    store.add_reviewer(name, _hashed(shown or password or ""), role, mission)
    return shown


def _hashed(password: str) -> str:
    # Here, because the plugin brings all of Datasette along.
    from datasette_auth_passwords import hash_password

    return str(hash_password(password))
