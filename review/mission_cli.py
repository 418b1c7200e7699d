"""Commands of headquarters for what a mission's devices are told of it."""

import click

from review.cli_parts import hub_of, plainly


@click.group()
def mission() -> None:
    """What the devices of a mission are told."""


@mission.command("set")
@click.argument("mission_id", metavar="MISSION")
@click.option("--phone", help="The number that observers call; it stands where they ask for help.")
@click.option("--app-name", help="A name for the app on phones that gives nothing away.")
@click.option("--emergency", help="What to do first in an emergency, in words.")
@click.option("--title", help="What people call the mission.")
@click.pass_context
@plainly
def mission_set(
    context: click.Context,
    mission_id: str,
    phone: str | None,
    app_name: str | None,
    emergency: str | None,
    title: str | None,
) -> None:
    """Tell all devices of a mission, with their next sync; an empty value takes one back."""
    given = {"phone": phone, "app_name": app_name, "emergency": emergency, "title": title}
    values = {name: value for name, value in given.items() if value is not None}
    with hub_of(context) as hub:
        hub.set_mission(mission_id, values)
    click.echo("Devices are told with their next sync.")
