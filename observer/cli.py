"""The command ``observer``: set up a laptop, run the app, send to headquarters, rebuild tables."""

import socket
import sys
from typing import Any

import click
import waitress

from observer.app import create_app, home_folder
from observer.errors import PortBusy
from observer.profile import enrol, sign_in
from observer.workspace import Workspace
from schemas.errors import TrialObserverError
from sync.http import HttpTransport
from sync.invitation import read_invitation
from sync.push import Report, push


class PlainGroup(click.Group):
    """A command group that says an error in one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit 1 with the sentence when it fails."""
        try:
            return super().invoke(ctx)
        except TrialObserverError as error:
            click.echo(error.message, err=True)
            sys.exit(1)


@click.group(cls=PlainGroup)
def main() -> None:
    """Record what happens in court, and send it to headquarters."""


@main.command()
@click.argument("invitation")
def init(invitation: str) -> None:
    """Set up this laptop with the INVITATION line from headquarters."""
    profile = enrol(home_folder(), read_invitation(invitation))
    click.echo(
        f"This laptop is set up for {profile.author} in the practice mission {profile.mission}."
    )
    click.echo("Next: observer run")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def run(host: str, port: int) -> None:
    """Run the app for the browser on this laptop."""
    home = home_folder()
    home.profile()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} is in use. Stop the other program, or choose another: "
                f"observer run --port {port + 10}"
            ) from error
    app = create_app(home)
    click.echo(f"Open http://{host}:{port}/ in a browser on this laptop. Ctrl-C stops.")
    waitress.serve(app, host=host, port=port, threads=4, ident=None)


@main.command()
@click.option("--drafts", is_flag=True, help="Also send what is not submitted yet, as it stands.")
def sync(drafts: bool) -> None:
    """Send to headquarters what was submitted here."""
    workspace = Workspace(home_folder())
    try:
        if drafts:
            workspace.send(workspace.unsent())
        waiting = len(workspace.unsent())
        report = send_all(workspace)
        tell(report, waiting)
    finally:
        workspace.close()
    if not report.clean:
        sys.exit(2)


def send_all(workspace: Workspace) -> Report:
    """Sign in and push, with a progress bar on a terminal."""
    transport = HttpTransport(workspace.profile.address)
    try:
        sign_in(workspace.home, transport)
        total = workspace.log.count_unreceived()
        with click.progressbar(length=total, label="Sending", file=sys.stderr) as bar:
            return push(
                workspace.log,
                transport,
                workspace.profile.mission,
                lambda done, _total: bar.update(done - bar.pos),
            )
    finally:
        transport.close()


def tell(report: Report, waiting: int) -> None:
    """Say plainly what was sent, known and refused, and why."""
    click.echo(f"Received at headquarters: {report.sent} new, {report.known} known already.")
    for receipt in report.quarantined:
        click.echo(
            f"Kept apart by headquarters ({receipt['code']}): change {receipt['hash'][:12]}. "
            "It does not count. Ask headquarters."
        )
    for stop in report.stopped.values():
        click.echo(f"Refused from change {stop['seq']} on ({stop['code']}): {stop['error']}")
    if waiting:
        click.echo(
            f"{waiting} records have drafts that were not sent: submit them, "
            "or run observer sync --drafts"
        )


@main.command()
def rebuild() -> None:
    """Make the tables again from the log."""
    workspace = Workspace(home_folder())
    try:
        workspace.projector.rebuild()
        click.echo(f"The tables are made again from {workspace.log.position()} changes.")
    finally:
        workspace.close()
