"""Ed25519 keys (RFC 8032) and what they sign.

Each purpose has its own prefix, so that a signature made for one can never serve as another.
PyNaCl does the cryptography; this module only fixes texts and encodings.
"""

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from sync.errors import BadSignature

PURPOSES: Final = ("change", "receipt", "enrol", "token", "epoch")


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    """The bytes of unpadded base64url.

    :raises BadSignature: if it is not base64url
    """
    try:
        raw = text.encode("ascii")
        data = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
        # The last character has bits to spare; with them set, two texts would mean one signature.
        if b64url(data) != text:
            raise BadSignature("A key or signature is not base64url in its one form.")
        return data
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise BadSignature("A key or signature is not base64url.") from error


def sha256_hex(text: str) -> str:
    """Lowercase hex SHA-256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class DeviceKey:
    """The private key of a device or of a hub."""

    def __init__(self, signing_key: SigningKey) -> None:
        self._key = signing_key

    @classmethod
    def generate(cls) -> "DeviceKey":
        """A new random key."""
        return cls(SigningKey.generate())

    @classmethod
    def load(cls, path: Path) -> "DeviceKey":
        """The key kept at ``path`` (32 bytes as hex)."""
        return cls(SigningKey(bytes.fromhex(path.read_text().strip())))

    def save(self, path: Path) -> None:
        """Write the key to a new file that only its owner may read; never over another key."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(bytes(self._key).hex())
            file.flush()
            os.fsync(file.fileno())

    @property
    def public(self) -> str:
        """The public key as base64url."""
        return b64url(bytes(self._key.verify_key))

    def sign(self, purpose: str, payload: str) -> str:
        """The signature over the purpose's prefix and the payload's bytes, as base64url."""
        return b64url(self._key.sign(_message(purpose, payload)).signature)


class PublicKeys:
    """Checks signatures; keeps the parsed form of keys it has seen."""

    def __init__(self) -> None:
        self._parsed: dict[str, VerifyKey] = {}

    def check(self, public: str, purpose: str, payload: str, signature: str) -> None:
        """Return when the signature holds.

        :raises BadSignature: if it does not
        """
        key = self._parsed.get(public)
        try:
            if key is None:
                key = self._parsed[public] = VerifyKey(from_b64url(public))
            key.verify(_message(purpose, payload), from_b64url(signature))
        except (BadSignatureError, ValueError, TypeError) as error:
            raise BadSignature(
                "The signature is not this device's for this text and purpose."
            ) from error


def fingerprint(public: str) -> str:
    """Lowercase hex SHA-256 of the raw public key: what people compare by eye."""
    return hashlib.sha256(from_b64url(public)).hexdigest()


def _message(purpose: str, payload: str) -> bytes:
    if purpose not in PURPOSES:
        raise ValueError(f"unknown purpose {purpose!r}")
    try:
        return f"trial-sync/1 {purpose}\n{payload}".encode()
    except UnicodeEncodeError as error:
        raise BadSignature("The signed text is not Unicode.") from error
