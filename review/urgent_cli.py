"""Commands of headquarters for what cannot wait: who asks for what, and that somebody knows."""

import json
from datetime import UTC, datetime

import click

from review.cli_parts import hub_of, plainly
from review.incidents import age
from review.urgent import Row, incidents, waits
from review.urgent import acknowledge as sign


@click.command()
@click.argument("mission")
@click.option(
    "--all", "everything", is_flag=True, help="Also safe arrivals and what was withdrawn."
)
@click.pass_context
@plainly
def urgent(context: click.Context, mission: str, everything: bool) -> None:
    """List urgent notices and incidents: those that nobody has acknowledged first."""
    with hub_of(context) as hub:
        log = hub.log(mission)
        try:
            rows = incidents(log)
        finally:
            log.close()
    now = datetime.now(UTC)
    shown = [row for row in rows if everything or _in_the_list(row)]
    for row in shown:
        click.echo(_line(row, now))
    if not shown:
        click.echo("Nothing is urgent.")


def _in_the_list(row: Row) -> bool:
    return row["kind"] != "safe_arrival" and not row["withdrawn"]


def _line(row: Row, now: datetime) -> str:
    needs = ", ".join(json.loads(row["needs"]))
    return "  ".join(
        part
        for part in (
            row["code"],
            _state(row),
            row["kind"] or "no kind",
            row["author"],
            f"{age(row['opened_at'] or row['received_at'], now)} ago",
            f"needs {needs}" if needs else "",
            row["id"],
        )
        if part
    )


def _state(row: Row) -> str:
    if row["withdrawn"]:
        return "withdrawn"
    if row["acknowledged_at"] is None:
        return "NOT ACKNOWLEDGED" if waits(row) else ""
    told = f"acknowledged by {row['acknowledged_by']} at {row['acknowledged_at']}"
    return f"CHANGED SINCE it was {told}" if row["changed_since"] else told


@click.command()
@click.argument("mission")
@click.argument("code_or_id")
@click.option("--by", required=True, help="Who knows of it: the sign-in name of a reviewer.")
@click.option("--comment", default="", help="What the observer is told with it.")
@click.pass_context
@plainly
def acknowledge(
    context: click.Context, mission: str, code_or_id: str, by: str, comment: str
) -> None:
    """Tell an observer that somebody knows; it comes with the next sync of their devices."""
    with hub_of(context) as hub:
        row = sign(hub, mission, code_or_id, by, comment)
    click.echo(f"{row['author']}'s {row['kind'] or 'incident'} {row['code']} is acknowledged.")
