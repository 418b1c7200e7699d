"""Files of an observation, for readers: which there are, which are still to come, and the bytes.

A file is never shown inside a page of headquarters: a browser only keeps it. Decides no
permission: the page and the file ask for the same one.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from datasette.utils.asgi import asgi_send_file

from review.chronology import Entry, Row
from review.i18n import gettext
from sync.blob_types import AUDIO, DOCUMENT, IMAGE, TYPES
from sync.blobs import PIECE, BlobStore

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def store_of(database: Any) -> BlobStore:
    """The files beside a mission's tables: ``blobs/<mission>`` where ``projections/`` is."""
    return BlobStore(Path(database.path).parents[1] / "blobs" / str(database.name))


def has(store: BlobStore, row: Row) -> bool:
    """Whether the whole file of an attachment has come."""
    name = str(row["sha256"])
    return store.is_begun(name) and store.has(name)


def shown(
    rows: Iterable[Row], arrived: Iterable[bool], entries: Iterable[Entry], url: str
) -> list[dict[str, Any]]:
    """What the page of an observation says of its files.

    :param arrived: for each row whether its file is here
    :param url: where the mission's attachments are
    """
    labels = {IMAGE: gettext("Photo"), AUDIO: gettext("Sound"), DOCUMENT: gettext("Document")}
    when = {entry.id: entry.when for entry in entries}
    return [
        {
            "id": row["id"],
            "label": labels[TYPES.get(row["type"], (DOCUMENT, ""))[0]],
            **{name: row[name] for name in ("type", "size", "sha256", "taken_at", "author")},
            "derived": bool(row["derived"]),
            "original_sha256": row["original_sha256"] if row["derived"] else None,
            "entry": row["entry_id"] if row["entry_id"] in when else None,
            "entry_when": when.get(row["entry_id"], ""),
            "url": f"{url}/{row['id']}" if came else None,
        }
        for row, came in zip(rows, arrived, strict=True)
    ]


async def give(send: Any, store: BlobStore, row: Row) -> None:
    """Answer with the bytes of a file that is here, to be kept and not to be shown."""
    ending = TYPES.get(str(row["type"]), ("", ""))[1]
    await asgi_send_file(
        send,
        store.path(row["sha256"]),
        filename=f"{row['sha256'][:12]}{ending}",
        content_type="application/octet-stream",
        chunk_size=PIECE,
        headers=dict(HEADERS),
    )
