"""The commands by which headquarters looks after what it holds: verify, backup, restore, erase."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from review.backup import back_up
from review.cli_parts import hub_of, plainly
from review.erasing import Order
from review.erasing import erase as erase_changes
from review.erasing import history as history_of
from review.errors import NotAcceptable
from review.restore import restore as restore_backup
from review.verification import in_words, verify_mission

KEEPING = """\
This folder holds everything, unencrypted, and headquarters' keys. Copy it to a disk that is
encrypted and kept in another place, and look now and then whether it can be read. What is erased
later is still in it: after an erasure make a new backup and destroy the older ones."""
AFTER_RESTORE = """\
Devices follow the new key by themselves and send again what the backup lacks. Never start the old
headquarters again. Devices that were revoked after the backup may be back: see observer-hub status.
Make a backup now; until there is one, devices delete nothing."""
AFTER_ERASURE = """\
Devices erase it with their next connection. Backups made before still hold it: make a new one with
observer-hub backup, and destroy those."""


@click.command()
@click.argument("mission", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything found, for programs.")
@click.pass_context
@plainly
def verify(context: click.Context, mission: str | None, as_json: bool) -> None:
    """Check every signature, hash, chain and receipt; of all missions when none is named."""
    with hub_of(context) as hub:
        missions = [mission] if mission else hub.missions()
        if not missions:
            raise NotAcceptable("There is no mission here.")
        for one in missions:
            hub.log(one).close()
        found = [verify_mission(hub.instance, one) for one in missions]
    if as_json:
        click.echo(json.dumps([one.as_json() for one in found], ensure_ascii=False, indent=1))
    else:
        for verdict in found:
            click.echo("\n".join(in_words(verdict)))
    if not all(verdict.sound for verdict in found):
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
@plainly
def backup(context: click.Context, folder: Path) -> None:
    """Copy everything into a new dated folder in FOLDER, and check the copy; also while it runs."""
    with hub_of(context) as hub:
        made = back_up(hub, folder)
    for found in made.verdicts.values():
        click.echo("\n".join(in_words(found)))
    click.echo(f"Copied: logs, keys, hub.db and files ({made.linked} of them linked) to")
    click.echo(str(made.folder))
    if not made.sound:
        raise NotAcceptable(
            "The copy is NOT SOUND. It is kept under this name, and devices were not told of it. "
            "Look at observer-hub verify; keep the older backups."
        )
    click.echo(KEEPING)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_context
@plainly
def restore(context: click.Context, folder: Path) -> None:
    """Make headquarters again from a dated FOLDER, in an empty --instance, with new keys."""
    for one in restore_backup(folder, context.obj):
        click.echo(f"{one.mission}: {one.position} changes and {one.files} files are restored.")
        click.echo(f"New fingerprint of headquarters' key: {one.fingerprint}")
    _back_up_again(context, folder.parent)
    click.echo(AFTER_RESTORE)


def _back_up_again(context: click.Context, folder: Path) -> None:
    """The new key must be in a backup at once: the old one cannot lead devices further."""
    try:
        with hub_of(context) as hub:
            made = back_up(hub, folder)
        click.echo(f"A first backup with the new key: {made.folder}")
    except OSError as error:
        click.echo(
            f"A first backup with the new key could not be written to {folder} ({error.strerror}). "
            "Make one now: if this headquarters were lost before, its devices would need new "
            "invitations.",
            err=True,
        )


@click.command()
@click.argument("mission")
@click.argument("record")
@click.pass_context
@plainly
def history(context: click.Context, mission: str, record: str) -> None:
    """List the changes of a RECORD: hash, author, time and what each is about."""
    with hub_of(context) as hub:
        for line in history_of(hub, mission, record):
            click.echo(line)


@click.command()
@click.argument("mission")
@click.argument("hashes", nargs=-1, required=True, metavar="HASH...")
@click.option("--by", multiple=True, help="Who decided: two reviewers of the mission.")
@click.option("--reason", default="", help="Why; it is kept for ever.")
@click.option("--restate", multiple=True, metavar="PATH=JSON", help="What to say in its place.")
@click.pass_context
@plainly
def erase(
    context: click.Context,
    mission: str,
    hashes: tuple[str, ...],
    by: tuple[str, ...],
    reason: str,
    restate: tuple[str, ...],
) -> None:
    """Erase what changes say, here and on all devices; that they were made stays known."""
    order = Order(list(dict.fromkeys(hashes)), by, reason, dict(map(_restated, restate)))
    with hub_of(context) as hub:
        found = erase_changes(hub, mission, order)
    click.echo(f"{found.changes} changes and {found.files} files are erased.")
    for hash_ in found.erasures:
        click.echo(f"The erasure is {hash_}.")
    if not found.everywhere:
        click.echo("A reader still looks at old pages: stop headquarters and start it again.")
    click.echo(AFTER_ERASURE)


def _restated(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    try:
        if path and equals:
            return path, json.loads(value)
    except ValueError:
        pass
    raise NotAcceptable(
        f"{text!r} is not PATH=JSON. An example is: --restate 'title=\"A case (fictional)\"'"
    )
