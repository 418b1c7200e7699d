"""Files that belong to an observation: taking one in, what became of it, taking it back.

The original of a photo stays on this laptop and what is made from it is sent; sound and documents
are sent as they are. Nothing of a file's name or folder is kept. Knows neither Flask nor SQL.
"""

import tempfile
from dataclasses import dataclass
from typing import BinaryIO, Final

from observer.derivative import FORMATS, derive
from observer.errors import NoSuchRecord
from observer.workspace import Record, Workspace
from sync.blob_limits import Limits, check_content, check_size
from sync.blob_types import HEAD, IMAGE, TYPES, type_of
from sync.errors import WrongBlobType
from sync.files import RECEIVED, REFUSED, SENDING, FileState, Shelf

LIMITS: Final = Limits()
ELSEWHERE: Final = "elsewhere"
UNSENT: Final = "unsent"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of an observation, and where it is.

    ``state``: ``unsent`` (its record is a draft), ``here``, ``sending``, ``received``,
    ``refused`` or ``elsewhere`` (on another device of the author).
    """

    record: Record
    state: str
    percent: int
    code: str
    message: str
    here: bool

    @property
    def kind(self) -> str:
        """``image``, ``audio`` or ``document``."""
        return TYPES.get(str(self.record.values.get("type")), ("document", ""))[0]


def attachments(space: Workspace, shelf: Shelf, observation: str) -> list[Attachment]:
    """The files of an observation that were not taken back, oldest first."""
    return [
        _seen(shelf, record)
        for record in space.all("attachment")
        if record.values.get("observation") == observation
    ]


def find(space: Workspace, shelf: Shelf, observation: str, attachment: str) -> Attachment:
    """One of them.

    :raises NoSuchRecord: there is none of this id
    """
    for found in attachments(space, shelf, observation):
        if found.record.id == attachment:
            return found
    raise NoSuchRecord("This file is not on this laptop.")


def _seen(shelf: Shelf, record: Record) -> Attachment:
    sha256, size = str(record.values.get("sha256")), int(record.values.get("size") or 0)
    known = shelf.state(sha256)
    here = shelf.blobs.is_begun(sha256)
    state = known.state if here or known.state == RECEIVED else ELSEWHERE
    if here and not record.sent.values:
        state = UNSENT
    percent = 100 * known.offset // size if state == SENDING and size else 0
    message = known.message if state in (REFUSED, SENDING, "here") else ""
    return Attachment(record, state, percent, known.code, message, here)


def add(
    space: Workspace, shelf: Shelf, source: BinaryIO, observation: str, entry: str | None
) -> str:
    """Take in a file, and draft its record; gives the record's id. All is on disk by then.

    :param source: the file, at its beginning; its type is read off its content
    :param entry: the log entry it was added to
    :raises WrongBlobType: its type is not taken, or it is damaged
    :raises BlobTooLarge: it has too many bytes
    :raises TooManyPixels: it is a photo with too many pixels
    """
    type_ = type_of(source.read(HEAD))
    source.seek(0)
    if type_ is None:
        raise WrongBlobType("Files of this type are not taken.")
    fields = _add_photo(shelf, source, type_) if TYPES[type_][0] == IMAGE else None
    fields = fields or _add_as_it_is(shelf, source, type_)
    if entry:
        fields["entry"] = entry
    return space.create(
        "attachment", {"observation": observation, **fields, "added_at": space.now()}
    )


def _add_as_it_is(shelf: Shelf, source: BinaryIO, type_: str) -> dict[str, object]:
    sha256, size = shelf.blobs.add(source)
    try:
        check_size(size, LIMITS)
        check_content(shelf.blobs.path(sha256), type_, LIMITS)
    except Exception:
        shelf.drop(sha256)
        raise
    return {
        **{"sha256": sha256, "size": size, "type": type_, "derived": False},
        **{"original_sha256": sha256, "original_size": size},
    }


def _add_photo(shelf: Shelf, source: BinaryIO, type_: str) -> dict[str, object]:
    if type_ not in FORMATS:
        raise WrongBlobType("This kind of photo cannot be cleaned here.")
    original, original_size = shelf.originals.add(source)
    try:
        with tempfile.TemporaryFile(dir=shelf.originals.folder) as made:
            derived = derive(shelf.originals.path(original), type_, made)
            made.seek(0)
            sha256, size = shelf.blobs.add(made)
    except Exception:
        shelf.originals.drop(original)
        raise
    shelf.remember(sha256, FileState(original=original))
    fields: dict[str, object] = {
        **{"sha256": sha256, "size": size, "type": derived.type, "derived": True},
        **{"original_sha256": original, "original_size": original_size},
    }
    if derived.taken_at:
        fields["taken_at"] = derived.taken_at
    return fields


def take_back(space: Workspace, shelf: Shelf, found: Attachment) -> None:
    """Take a file back: what was not sent leaves nothing, what was sent is withdrawn."""
    record = found.record
    if record.sent.values:
        gone = {"reason": "taken back", "at": space.now()}
        space.edit("attachment", record.id, {"withdrawn": gone})
        return
    space.edit("attachment", record.id, dict.fromkeys(record.drafts))
    sha256 = str(record.values["sha256"])
    others = {str(other.values.get("sha256")) for other in space.all("attachment")}
    if sha256 not in others:
        shelf.drop(sha256)
