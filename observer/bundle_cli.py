"""Commands that carry work by hand: one encrypted file out, one in."""

import os
from pathlib import Path

import click

from observer.app import home_folder
from observer.carrying import carry_file, files_to_carry
from observer.workspace import Workspace
from sync.bundle import BundleReader, write_bundle
from sync.by_hand import Brought, bring_in, outgoing
from sync.intake import AT_LAPTOP, Batch, Outcome, take
from sync.invitation import new_code
from sync.log import Log


@click.command("export-bundle")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--all", "everything", is_flag=True, help="Also what headquarters has already.")
@click.option("--drafts", is_flag=True, help="Also what is not submitted yet, as it stands.")
def export_bundle(file: Path, everything: bool, drafts: bool) -> None:
    """Write what waits for headquarters into one encrypted FILE, to be carried by hand."""
    workspace = Workspace(home_folder())
    try:
        if drafts:
            workspace.send(workspace.unsent())
        passphrase, log = new_code(), workspace.log
        wires = outgoing(log, workspace.profile.author, everything=everything)
        part = file.with_name(file.name + ".part")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            count = write_bundle(
                out,
                passphrase,
                workspace.profile.mission,
                workspace.now(),
                wires,
                files_to_carry(workspace, everything=everything),
            )
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        workspace.close()
    click.echo(f"{count} changes are in {file}. Everything stays here as well.")
    click.echo(f"Passphrase, shown only now; tell it by another way: {passphrase}")


@click.command("import-bundle")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--passphrase", prompt=True, hide_input=True, help="As the export showed it.")
def import_bundle(file: Path, passphrase: str) -> None:
    """Bring in a colleague's FILE, to be carried on to headquarters with the next sync."""
    workspace = Workspace(home_folder())
    try:
        with file.open("rb") as source:
            found = bring_in(
                workspace.log,
                workspace.profile.mission,
                BundleReader(source, passphrase.strip()),
                carry_file(workspace),
                lambda log, batch: _store(log, batch, workspace.now()),
            )
        workspace.refresh()
    finally:
        workspace.close()
    for line in told(found):
        click.echo(line)
    click.echo("Next: observer sync")


def _store(log: Log, batch: Batch, moment: str) -> Outcome:
    return take(log, batch, moment, node=AT_LAPTOP)


def told(found: Brought) -> list[str]:
    """What a bundle brought, in sentences."""
    lines = [f"Brought in: {found.new} new changes, {found.known} known already."]
    if found.files:
        lines.append(f"Files: {found.files}.")
    lines += [f"A file was not taken: {why}" for why in found.refused_files.values()]
    lines += [
        f"Refused from change {stop.seq} on ({stop.error.code}): {stop.error.message}"
        for stop in found.stopped.values()
    ]
    return lines
