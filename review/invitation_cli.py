"""Commands for invitations: make one (line, QR code, typed form), list them, activate one."""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
import segno

from review.cli_parts import hub_of, plainly
from review.store.enrolment import Invited
from schemas.rights import ROLES
from sync.invitation import TYPED_FINGERPRINT, Invitation

MINUTE: Final = 60.0  # seconds
DAY: Final = 24 * 60 * MINUTE


@click.command()
@click.argument("mission")
@click.argument("author")
@click.option(
    "--role", default="observer", show_default=True, type=click.Choice(ROLES), help="In the field."
)
@click.option("--days", type=click.IntRange(1, 90), help="How long it can be used; 7 if not said.")
@click.option("--minutes", type=click.IntRange(1, 600), help="The same for a training room.")
@click.option(
    "--inactive", is_flag=True, help="It waits until it is activated; then its time runs."
)
@click.option(
    "--device-until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Last day (UTC) on which the device may sign in.",
)
@click.option(
    "--qr", type=click.Path(path_type=Path), help="Also write it as a QR code (SVG, PNG)."
)
@click.option(
    "--address",
    envvar="HUB_ADDRESS",
    default="http://127.0.0.1:8002",
    show_default=True,
    help="Where observers' devices reach ingest; also HUB_ADDRESS.",
)
@click.pass_context
@plainly
def invite(  # noqa: PLR0913 - one parameter for each option
    context: click.Context,
    mission: str,
    author: str,
    role: str,
    days: int | None,
    minutes: int | None,
    inactive: bool,
    device_until: datetime | None,
    qr: Path | None,
    address: str,
) -> None:
    """Print an invitation for the author's next device; it is good once."""
    valid_for = minutes * MINUTE if minutes else (days or 7) * DAY
    with hub_of(context) as hub:
        made = hub.invite(
            mission,
            author,
            role,
            valid_for,
            address,
            active=not inactive,
            device_expires_at=_end_of(device_until.date()) if device_until else None,
        )
    click.echo(made.text())
    click.echo(_typed(made), err=True)
    if qr is not None:
        segno.make(made.text(), error="m", micro=False).save(str(qr), scale=4, border=4)
        qr.chmod(0o600)
        click.echo(f"The same as a QR code: {qr}. Delete it when it was used.", err=True)


def _end_of(day: date) -> str:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC).isoformat()


def _typed(made: Invitation) -> str:
    return "\n".join(
        (
            "To type it instead (observer init):",
            f"  address     {made.address}",
            f"  mission     {made.mission}",
            f"  code        {made.code}",
            f"  fingerprint {made.hub[:TYPED_FINGERPRINT]}",
        )
    )


@click.command()
@click.argument("mission")
@click.pass_context
@plainly
def invitations(context: click.Context, mission: str) -> None:
    """List a mission's invitations: number, author, role, and what became of each."""
    with hub_of(context) as hub:
        hub.log(mission).close()
        for one in hub.store.invitations(mission):
            click.echo(f"{one.number} {one.author} {one.role}: {_state(one)}")


def _state(one: Invited) -> str:
    if one.used_by is not None:
        return f"used by {one.used_by}"
    if not one.active:
        return "waits to be activated"
    until = datetime.fromtimestamp(one.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"open until {until}" if one.open(time.time()) else f"ran out {until}"


@click.command()
@click.argument("mission")
@click.argument("number", type=int)
@click.pass_context
@plainly
def activate(context: click.Context, mission: str, number: int) -> None:
    """Let an invitation that waits be used from now on."""
    with hub_of(context) as hub:
        hub.activate(mission, number)
    click.echo(f"Invitation {number} can be used from now on.")
