"""The command line of headquarters: ``observer-hub``.

Every error is one sentence on standard error, with exit code 1. Secrets are printed once, here.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from review.bundle_cli import import_bundle
from review.cli_parts import hub_of, plainly
from review.custody_cli import backup, erase, history, restore, verify
from review.errors import NotAcceptable
from review.follower import projecting, turn
from review.hub import Hub
from review.invitation_cli import activate, invitations, invite
from review.mission_cli import mission as mission_group
from review.reviewers import ROLES as REVIEWER_ROLES
from review.reviewers import add_reviewer
from review.urgent_cli import acknowledge, urgent


@click.group()
@click.option(
    "--instance",
    envvar="HUB_INSTANCE",
    default="instance/hub",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of this headquarters; also HUB_INSTANCE.",
)
@click.pass_context
def main(context: click.Context, instance: Path) -> None:
    """Headquarters of Trial Observer: missions, invitations, and the two servers."""
    os.umask(0o077)
    context.obj = instance


@main.command()
@click.argument("mission")
@click.option("--title", required=True, help="What people call the mission.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of the courts, by IANA name.")
@click.option("--practice/--real", default=True, show_default=True, help="Made-up data, or real.")
@click.option("--reviewer", "name", help="Sign-in name of a first reviewer.")
@click.pass_context
@plainly
def init(
    context: click.Context, mission: str, title: str, time_zone: str, practice: bool, name: str
) -> None:
    """Make a new mission, with a key of its own."""
    with hub_of(context) as hub:
        seat = hub.create(mission, title, time_zone, practice=practice)
        _project(hub, mission)
        kind = "practice" if practice else "real"
        click.echo(f"The {kind} mission {mission} is made. Fingerprint of headquarters' key:")
        click.echo(seat.fingerprint)
        if name:
            _add_reviewer(hub, name, "reviewer", mission)


def _project(hub: Hub, mission: str) -> None:
    with (
        projecting(hub.instance, mission, hub.log_path(mission)) as projector,
        turn(hub.instance, mission),
    ):
        projector.catch_up()


def _add_reviewer(hub: Hub, name: str, role: str, mission: str) -> None:
    password = os.environ.get("HUB_REVIEWER_PASSWORD")
    shown = add_reviewer(hub.store, name, role, mission, password)
    click.echo(f"{name} may sign in for {mission}, from the next start of observer-hub run.")
    if shown is not None:
        click.echo(f"Passphrase, shown only now: {shown}")


for command in (invite, invitations, activate, import_bundle):
    main.add_command(command)
for command in (verify, backup, restore, history, erase, acknowledge, urgent, mission_group):
    main.add_command(command)


@main.command()
@click.argument("mission")
@click.argument("case")
@click.argument("author")
@click.option("--hearing", help="The hearing of the case that they are sent to.")
@click.pass_context
@plainly
def assign(
    context: click.Context, mission: str, case: str, author: str, hearing: str | None
) -> None:
    """Let an author write the records of a case."""
    with hub_of(context) as hub:
        hub.assign(mission, case, author, hearing=hearing)
    click.echo(f"{author} is assigned to the case.")


@main.command()
@click.argument("mission")
@click.argument("case")
@click.argument("author")
@click.pass_context
@plainly
def unassign(context: click.Context, mission: str, case: str, author: str) -> None:
    """End an author's assignment to a case; what they wrote stays theirs."""
    with hub_of(context) as hub:
        hub.unassign(mission, case, author)
    click.echo(f"{author} is no longer assigned to the case.")


@main.command()
@click.argument("mission")
@click.argument("device")
@click.pass_context
@plainly
def revoke(context: click.Context, mission: str, device: str) -> None:
    """Take nothing more from a device; what it sent before stays."""
    with hub_of(context) as hub:
        hub.revoke(mission, device)
    click.echo("The device is revoked.")


@main.group()
def reviewer() -> None:
    """The people of headquarters."""


@reviewer.command("add")
@click.argument("name")
@click.option("--mission", required=True, help="What the person may read.")
@click.option(
    "--role",
    default="reviewer",
    show_default=True,
    type=click.Choice(REVIEWER_ROLES),
    help="At headquarters.",
)
@click.pass_context
@plainly
def reviewer_add(context: click.Context, name: str, mission: str, role: str) -> None:
    """Let a person into a mission; HUB_REVIEWER_PASSWORD gives a password to scripts."""
    with hub_of(context) as hub:
        hub.log(mission).close()
        _add_reviewer(hub, name, role, mission)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port of the reviewers' pages.")
@click.option("--ingest-port", default=8002, show_default=True, help="Port for the devices.")
@click.pass_context
@plainly
def run(context: click.Context, host: str, port: int, ingest_port: int) -> None:
    """Run headquarters until Ctrl-C."""
    from review.run import Address
    from review.run import run as run_both

    with hub_of(context) as hub:
        if not hub.missions():
            raise NotAcceptable("There is no mission yet. Make one: observer-hub init")
        for mission in hub.missions():
            hub.log(mission).close()

    def started() -> None:
        click.echo(f"Reviewers: http://{host}:{port}/   Devices: http://{host}:{ingest_port}/")

    run_both(context.obj, Address(host, port, ingest_port), started)


@main.command()
@click.argument("mission")
@click.pass_context
@plainly
def rebuild(context: click.Context, mission: str) -> None:
    """Make a mission's tables again from its log; also while headquarters runs."""
    with hub_of(context) as hub:
        hub.log(mission).close()
        with (
            projecting(hub.instance, mission, hub.log_path(mission)) as projector,
            turn(hub.instance, mission),
        ):
            projector.rebuild()
    click.echo(f"The tables of {mission} are made again.")


@main.command()
@click.pass_context
@plainly
def status(context: click.Context) -> None:
    """Say what is here: missions, devices, how far the tables have come."""
    with hub_of(context) as hub:
        for mission in hub.missions():
            for line in _status_of(hub, mission):
                click.echo(line)
        names: list[dict[str, Any]] = hub.store.reviewers()
        for one in names:
            click.echo(f"reviewer {one['id']} ({one['role']}): {', '.join(one['missions'])}")


def _status_of(hub: Hub, mission: str) -> Iterator[str]:
    with projecting(hub.instance, mission, hub.log_path(mission)) as projector:
        log = projector.log
        seat, at = hub.seat(log), log.position()
        yield f"{mission} ({'practice' if seat.practice else 'real'})"
        yield f"  {at} changes, tables at {projector.position}"
        yield f"  {hub.store.waiting_invitations(mission)} open invitations"
        for id_ in log.records("device"):
            device = log.device(id_)
            if device is not None:
                revoked = f", revoked {device.revoked_at}" if device.revoked_at else ""
                yield f"  {device.device} {device.author} {device.role}{revoked}"


if __name__ == "__main__":
    main()
