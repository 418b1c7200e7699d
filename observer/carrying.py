"""The files that go into a bundle, and those that one brought."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import IO

from observer.workspace import Workspace
from sync.bundle import BundleFile
from sync.by_hand import take_whole

Keep = Callable[[str, IO[bytes]], None]


def files_to_carry(workspace: Workspace, *, everything: bool) -> Iterator[BundleFile]:
    """The author's files that are here.

    :param everything: also those whose records headquarters has already
    """
    log, blobs = workspace.log, workspace.blobs
    for blob in log.blobs():
        mine = log.creator(blob.record) == workspace.profile.author
        waiting = log.receipt_states(blob.record).keys() - {"stored", "backed_up"}
        if mine and blobs.has(blob.sha256) and (everything or waiting):
            yield BundleFile(blob.sha256, blob.size, partial(blobs.open, blob.sha256))


def carry_file(workspace: Workspace) -> Keep:
    """What keeps a file that a colleague's bundle brought, to be sent on."""
    return partial(take_whole, workspace.blobs, workspace.log)
