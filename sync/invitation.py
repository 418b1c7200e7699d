"""Invitations, and the texts a device signs to enrol and to sign in.

A device never signs bytes that a server chose: it composes the text itself.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from sync.errors import BadRequest, WrongCode
from sync.keys import DeviceKey, PublicKeys

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# Crockford's base 32: no I, L, O, U, so that a code can be read out and typed.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 26  # characters, 130 bits
TYPED_FINGERPRINT: Final = 16  # hex digits of headquarters' fingerprint, 64 bits


def new_code() -> str:
    """A fresh one-time code, in groups for the eye."""
    plain = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(plain[at : at + 5] for at in range(0, CODE_LENGTH, 5))


def plain_code(code: str) -> str:
    """A code as it is compared: however it was typed."""
    kept = "".join(sign for sign in code.upper() if sign.isalnum())
    return kept.translate(str.maketrans("OIL", "011"))


@dataclass(frozen=True, slots=True)
class Invitation:
    """What headquarters hands to an observer: address, mission, one-time code, hub fingerprint."""

    address: str
    mission: str
    code: str
    hub: str
    practice: bool

    def text(self) -> str:
        """The invitation as one line: the secret stands behind ``#`` and is never sent in a URL."""
        fragment = urlencode(
            {
                "mission": self.mission,
                "code": self.code,
                "hub": self.hub,
                "practice": int(self.practice),
            }
        )
        return f"{self.address}#{fragment}"


def read_invitation(text: str) -> Invitation:
    """An invitation as typed or scanned.

    :raises BadRequest: it is cut off or not an invitation
    """
    parts = urlsplit(text.strip())
    values = {key: found[0] for key, found in parse_qs(parts.fragment).items()}
    try:
        return Invitation(
            address=urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")).rstrip("/"),
            mission=values["mission"],
            code=values["code"],
            hub=values["hub"],
            practice=values["practice"] == "1",
        )
    except KeyError as error:
        raise BadRequest(
            "This is not a whole invitation. Copy the line that headquarters gave you, "
            "from http to its end, in quotes."
        ) from error


def enrol_body(invitation: Invitation, device: str, key: DeviceKey, at: str) -> dict[str, str]:
    """The body of ``POST enrol``: the proof that the device holds its key and knows the code."""
    payload = _encode(
        {
            "code": invitation.code,
            "device": device,
            "hub": invitation.hub,
            "mission": invitation.mission,
            "public_key": key.public,
            "at": at,
        }
    )
    return {"payload": payload, "signature": key.sign("enrol", payload)}


def token_body(hub: str, mission: str, device: str, key: DeviceKey, at: str) -> dict[str, str]:
    """The body of ``POST token``: composed by the device, good once."""
    payload = _encode(
        {
            "aud": hub,
            "mission": mission,
            "nonce": secrets.token_urlsafe(18),
            "device": device,
            "at": at,
        }
    )
    return {"payload": payload, "signature": key.sign("token", payload)}


def read_signed(body: object, names: set[str]) -> tuple[dict[str, str], str, str]:
    """Payload document, payload and signature of a signed body whose keys are exactly ``names``.

    :raises BadRequest: it has another shape
    """
    try:
        payload, signature = body["payload"], body["signature"]  # type: ignore[index]
        document = json.loads(payload)
        if set(document) == names and all(isinstance(v, str) for v in document.values()):
            return document, str(payload), str(signature)
    except (TypeError, KeyError, ValueError, RecursionError):
        pass
    raise BadRequest(f"The signed text has the keys {', '.join(sorted(names))}, each a text.")


ENROL_KEYS = {"code", "device", "hub", "mission", "public_key", "at"}
TOKEN_KEYS = {"aud", "mission", "nonce", "device", "at"}


def check_proof(document: dict[str, Any], payload: str, signature: str, keys: PublicKeys) -> None:
    """Return when the device that enrols holds the key that it names.

    :raises WrongCode: the proof does not fit
    """
    try:
        keys.check(document["public_key"], "enrol", payload, signature)
    except Exception as error:
        raise WrongCode("The device could not prove its key. Start the enrolment again.") from error


RENEW_KEYS = {"aud", "mission", "nonce", "device", "successor", "public_key", "at"}


def renew_body(
    hub: str, mission: str, device: str, key: DeviceKey, successor: str, new: DeviceKey, at: str
) -> dict[str, str]:
    """The body of ``POST renew``: the device names the one that goes on in its place.

    Signed with both keys in turn: the old one over the text, the new one over the old signature.
    """
    payload = _encode(
        {
            "aud": hub,
            "mission": mission,
            "nonce": secrets.token_urlsafe(18),
            "device": device,
            "successor": successor,
            "public_key": new.public,
            "at": at,
        }
    )
    signature = key.sign("enrol", payload)
    return {"payload": payload, "signature": signature, "proof": new.sign("enrol", signature)}
