"""Every answer of the protocol that is not a success, with its code and HTTP status.

Each class is one row of the table in ``docs/protocol.md``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.errors import TrialObserverError


class SyncError(TrialObserverError):
    """Base of the protocol's errors."""


class BadRequest(SyncError):
    """The body is not the JSON that the call takes; nothing of it was stored."""

    code = "bad_request"


class BadPayload(SyncError):
    """A payload is outside the profile: not the JSON text that both languages write alike."""

    code = "bad_payload"
    status = 422


class BadEnvelope(SyncError):
    """A key of the change is missing, unknown or of the wrong shape."""

    code = "bad_envelope"
    status = 422


class BadSignature(SyncError):
    """The signature is not that of the device for these bytes and this purpose."""

    code = "bad_signature"
    status = 422


class UnknownDevice(SyncError):
    """The change is from a device that is not enrolled in this mission."""

    code = "unknown_device"
    status = 403


class DeviceRevoked(SyncError):
    """The device may no longer sign in; what it wrote is kept on it."""

    code = "device_revoked"
    status = 403


class UnknownMission(SyncError):
    """There is no such mission here, or the change is for another one."""

    code = "unknown_mission"
    status = 404


class NotFound(SyncError):
    """There is no such call."""

    code = "not_found"
    status = 404


class MethodNotAllowed(SyncError):
    """The call exists, but not with this HTTP method."""

    code = "method_not_allowed"
    status = 405


class Gap(SyncError):
    """A change before this one is missing; send from the head on."""

    code = "gap"
    status = 409
    retry = True


class ChainBroken(SyncError):
    """The change does not follow the one that is the device's head here."""

    code = "chain_broken"
    status = 409


class ErasureUnknown(SyncError):
    """A change is said to be erased, and no erasure here says so; send the erasure first."""

    code = "erasure_unknown"
    status = 409
    retry = True


class Fork(SyncError):
    """Two changes of one device have one number; both are kept, a person must look."""

    code = "fork"
    status = 409


class SignedOut(SyncError):
    """The token is missing, unknown or expired; sign in again with the device key."""

    code = "signed_out"
    status = 401
    retry = True


class NewEpoch(SyncError):
    """Headquarters was restored and has another key; ``succession`` proves it. Sign in to it."""

    code = "new_epoch"
    status = 409
    retry = True

    def __init__(self, message: str, succession: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.succession = list(succession)

    def as_json(self) -> dict[str, Any]:
        """With the statements of the hubs before, oldest first."""
        return {**super().as_json(), "succession": self.succession}


class DeviceExpired(SyncError):
    """The device was enrolled until a day that is over; what it wrote is kept on it."""

    code = "device_expired"
    status = 403


class WrongCode(SyncError):
    """The invitation code is not known, or the proof does not fit it."""

    code = "wrong_code"
    status = 403


class CodeUsed(SyncError):
    """The invitation was used already or has expired; ask headquarters for a new one."""

    code = "code_used"
    status = 410


class CodeNotActive(SyncError):
    """The invitation waits until the team lead activates it."""

    code = "code_not_active"
    status = 403
    retry = True


class TooManyTries(SyncError):
    """Too many wrong codes; wait before the next."""

    code = "too_many_tries"
    status = 429
    retry = True


class TooLarge(SyncError):
    """The body, or a change in it, is over the limit; send fewer changes at once."""

    code = "too_large"
    status = 413


class WrongType(SyncError):
    """The body is not of the type that the call takes: ``application/json``, plain or gzip."""

    code = "wrong_type"
    status = 415


class Busy(SyncError):
    """Too much at once; wait as long as ``Retry-After`` says and send the same again."""

    code = "busy"
    status = 503
    retry = True


class StorageFull(SyncError):
    """The disk is full or cannot be written; nothing of this request was stored."""

    code = "storage_full"
    status = 507
    retry = True


class ServerFault(SyncError):
    """A fault on this side; nothing of this request was stored."""

    code = "server_fault"
    status = 500
    retry = True


class NotReached(SyncError):
    """No connection, or what answered is not the hub (a sign-in page of the network)."""

    code = "not_reached"
    status = 503
    retry = True


class SyncRunning(SyncError):
    """Another program on this device is sending; one conversation at a time."""

    code = "sync_running"
    status = 409
    retry = True


class LogInUse(SyncError):
    """Another process writes to this log; a log has one writer."""

    code = "log_in_use"
    status = 503


class DamagedLog(SyncError):
    """SQLite cannot read the file of a log; restore a backup beside it, and keep the file."""

    code = "damaged_log"
    status = 500


class ForgedReceipt(SyncError):
    """A receipt does not carry the hub's signature; nothing is counted as received."""

    code = "forged_receipt"
    status = 502


class UnknownBlob(SyncError):
    """No stored record that the device may see names this file; records go before files."""

    code = "unknown_blob"
    status = 404
    retry = True


class WrongOffset(SyncError):
    """The bytes do not begin where the file here ends; ``Upload-Offset`` says where that is."""

    code = "wrong_offset"
    status = 409
    retry = True

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class BadBlob(SyncError):
    """The whole file has not the SHA-256 that names it; it was dropped, to be sent from 0."""

    code = "bad_blob"
    status = 460  # as the tus protocol's checksum extension answers
    retry = True


class WrongBlobType(SyncError):
    """The file's content is not of the type that its record names, or of none that is taken."""

    code = "wrong_blob_type"
    status = 415


class BlobTooLarge(SyncError):
    """The file has more bytes than a file may have here, or than its record names."""

    code = "blob_too_large"
    status = 413


class TooManyPixels(SyncError):
    """The image has more pixels than one may have; it is not opened."""

    code = "too_many_pixels"
    status = 413


class OverQuota(SyncError):
    """The author, or the mission, has no room left for files; headquarters can make some."""

    code = "over_quota"
    status = 507
    retry = True


class WrongTusVersion(SyncError):
    """``Tus-Resumable`` is not the version of the tus protocol spoken here."""

    code = "wrong_tus_version"
    status = 412


class BadRange(SyncError):
    """The ``Range`` asked for is not in the file."""

    code = "bad_range"
    status = 416


class BadBundle(SyncError):
    """The file is not a whole bundle for this mission; what was read before stays."""

    code = "bad_bundle"
    status = 422


class WrongPassphrase(SyncError):
    """The passphrase does not open this."""

    code = "wrong_passphrase"
    status = 403


# Codes that a change can be quarantined with: authentic, kept, and giving no value.
QUARANTINE = {
    "device_revoked": "the device was revoked before this came here",
    "unknown_version": "it was written by a later version of this program",
    "not_allowed": "the author's device may not write this",
    "unknown_field": "records of this kind have no such field",
}
