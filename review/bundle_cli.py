"""The command that brings in what was carried by hand."""

from pathlib import Path
from typing import IO

import click

from review.cli_parts import hub_of, plainly
from review.pushes import settle
from sync.blobs import BlobStore
from sync.bundle import BundleReader
from sync.by_hand import bring_in, take_whole


@click.command("import-bundle")
@click.argument("mission")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--passphrase", prompt=True, hide_input=True, help="As the export showed it.")
@click.pass_context
@plainly
def import_bundle(context: click.Context, mission: str, file: Path, passphrase: str) -> None:
    """Take in a FILE that an observer carried by hand; also while headquarters runs."""
    with hub_of(context) as hub:
        log = hub.log(mission)
        try:
            seat, blobs = hub.seat(log), BlobStore(hub.blobs_path(mission))

            def keep(sha256: str, content: IO[bytes]) -> None:
                take_whole(blobs, log, sha256, content)

            with file.open("rb") as source:
                found = bring_in(
                    log,
                    mission,
                    BundleReader(source, passphrase.strip()),
                    keep,
                    lambda log, batch: settle(seat, log, batch, hub.now)[0],
                )
        finally:
            log.close()
    click.echo(
        f"Brought in: {found.new} new changes ({found.quarantined} kept apart), "
        f"{found.known} known already, {found.files} files."
    )
    for why in found.refused_files.values():
        click.echo(f"A file was not taken: {why}")
    for stop in found.stopped.values():
        click.echo(f"Refused from change {stop.seq} on ({stop.error.code}): {stop.error.message}")
