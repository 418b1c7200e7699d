"""The row of an attachment: which file belongs to which observation. Not whether it came.

A file is no part of the log, so that it can come later or never; readers ask the store of files.
"""

from sync.projection.rows import Record, Row, flag, text


def attachment_row(record: Record) -> Row:
    """The row of an attachment; a number that is none is left out."""
    values = record.values
    return {
        "id": record.id,
        "observation_id": text(values.get("observation")),
        "entry_id": text(values.get("entry")),
        **{name: text(values.get(name)) for name in ("type", "sha256", "original_sha256")},
        **{name: _number(values.get(name)) for name in ("size", "original_size")},
        "derived": flag(values.get("derived")),
        **{name: text(values.get(name)) for name in ("taken_at", "added_at")},
        "author": record.author,
        "received_at": record.received_at,
        "practice": flag(values.get("practice")),
        "withdrawn": flag(values.get("withdrawn")),
    }


def _number(value: object) -> int | None:
    return value if type(value) is int else None
