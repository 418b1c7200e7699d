"""The command ``observer``: set up a laptop, run the app, send to headquarters, rebuild tables."""

import socket
import sys
import tempfile
from typing import Any

import click
import waitress

from observer.app import create_app, home_folder, languages
from observer.bundle_cli import export_bundle, import_bundle
from observer.errors import PortBusy, WrongSetUp
from observer.profile import enrol
from observer.relay import create_relay
from observer.sending import file_sender, keep_sending, send_and_receive
from observer.sheet_cli import sheet
from observer.shell import Shell, ShellNotBuilt, bundle
from observer.workspace import Workspace
from schemas.errors import TrialObserverError
from schemas.rights import RELAY
from sync.files import FileSender
from sync.invitation import Invitation, read_invitation
from sync.session import Exchange


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
@click.argument("invitation", required=False)
def init(invitation: str | None) -> None:
    """Set up this laptop with the INVITATION line from headquarters; without it, it is asked."""
    home = home_folder()
    given = read_invitation(invitation) if invitation else _typed()
    profile = enrol(home, given)
    click.echo(f"Set up for {profile.author} in the practice mission {profile.mission}.")
    if profile.role == RELAY:
        click.echo("Next: observer serve")
        return
    workspace = Workspace(home)
    try:
        send_and_receive(workspace)
    except TrialObserverError:
        click.echo("What headquarters has for you comes with the next: observer sync")
    finally:
        workspace.close()
    click.echo("Next: observer run")


def _typed() -> Invitation:
    return Invitation(
        address=click.prompt("Address").strip().rstrip("/"),
        mission=click.prompt("Mission").strip(),
        code=click.prompt("Code").strip(),
        hub=click.prompt("Fingerprint").strip().lower(),
        practice=True,
    )


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def run(host: str, port: int) -> None:
    """Run the app for the browser on this laptop."""
    home = home_folder()
    if home.profile().role == RELAY:
        raise WrongSetUp("This folder is a relay's. Run: observer serve")
    _check_port(host, port, "run")
    app = create_app(home)
    # What is uploaded lies in this folder while it comes in, and nowhere else.
    incoming = home.folder / "incoming"
    incoming.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(incoming)
    click.echo(f"Open http://{host}:{port}/ in a browser on this laptop. Ctrl-C stops.")
    waitress.serve(app, host=host, port=port, threads=4, ident=None)


def _check_port(host: str, port: int, command: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(
                f"Port {port} is in use. Stop the other program, or choose another: "
                f"observer {command} --port {port + 10}"
            ) from error


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8003, show_default=True, help="Port to listen on.")
@click.option("--name", help="What the app is called on phones; by default Notes.")
@click.option("--withdraw-shell", is_flag=True, help="Phones drop the stored app, not the records.")
def serve(host: str, port: int, name: str | None, withdraw_shell: bool) -> None:
    """Give phones the app and carry their changes; for a folder set up with a relay's role."""
    home = home_folder()
    if home.profile().role != RELAY:
        raise WrongSetUp(
            "This folder is an observer's. A relay has one of its own: "
            "observer-hub invite MISSION RELAY-1 --role relay"
        )
    _check_port(host, port, "serve")
    shell = Shell(languages(), name=name, withdrawn=withdraw_shell)
    app = create_relay(home, shell=shell)
    click.echo(f"Phones open http://{host}:{port}/ and bring their changes there (behind TLS).")
    try:
        bundle()
    except ShellNotBuilt as error:
        click.echo(str(error), err=True)
    try:
        waitress.serve(app, host=host, port=port, threads=16, ident=None)
    finally:
        app.extensions["relay"].close()


@main.command()
@click.option("--drafts", is_flag=True, help="Also send what is not submitted yet, as it stands.")
@click.option("--watch", is_flag=True, help="Go on and try again by itself, until Ctrl-C.")
def sync(drafts: bool, watch: bool) -> None:
    """Send to headquarters what was submitted here, and fetch what is new."""
    workspace = Workspace(home_folder())
    try:
        if drafts:
            workspace.send(workspace.unsent())
        if watch:
            keep_sending(workspace, click.echo)
            return
        waiting = len(workspace.unsent())
        found = send_all(workspace)
        tell(found, waiting)
        tell_files(file_sender(workspace))
    finally:
        workspace.close()
    if not found.pushed.clean:
        sys.exit(2)


def send_all(workspace: Workspace) -> Exchange:
    """Send and fetch, with a progress bar on a terminal."""
    total = workspace.log.count_unreceived()
    with click.progressbar(length=total, label="Sending", file=sys.stderr) as bar:
        return send_and_receive(workspace, lambda done, _total: bar.update(done - bar.pos))


def tell(found: Exchange, waiting: int) -> None:
    """Say plainly what was sent, known and refused, and why, and what came in."""
    report = found.pushed
    if found.new_epoch:
        click.echo("Headquarters was restored from a backup; what it lacked was sent again.")
    if found.renewed:
        click.echo(
            "Headquarters had other records under this laptop's numbers (a copied folder?). "
            "The laptop goes on as a new device; what was not taken is drafted again."
        )
    click.echo(f"Received at headquarters: {report.sent} new, {report.known} known already.")
    if report.carried:
        click.echo(f"Carried by a relay, not yet at headquarters: {report.carried}.")
    for receipt in report.quarantined:
        click.echo(
            f"Kept apart by headquarters ({receipt['code']}): change {receipt['hash'][:12]}. "
            "It does not count. Ask headquarters."
        )
    for stop in report.stopped.values():
        click.echo(f"Refused from change {stop['seq']} on ({stop['code']}): {stop['error']}")
    if found.pulled.new:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.pulled.new.items()))
        click.echo(f"New from headquarters: {kinds}.")
    if found.pulled.forgotten:
        click.echo(f"No longer yours to see: {len(found.pulled.forgotten)} records.")
    for error in found.pulled.skipped:
        click.echo(f"Something from headquarters could not be read ({error.code}). Update.")
    if waiting:
        click.echo(
            f"{waiting} records have drafts that were not sent: submit them, "
            "or run observer sync --drafts"
        )


def tell_files(files: FileSender) -> None:
    """Say which files are still to be sent, and which headquarters refused and why."""
    if left := len(files.waiting()):
        click.echo(f"Files not at headquarters yet: {left}. They go with the next: observer sync")
    for state in files.refused():
        click.echo(f"Refused a file ({state.code}): {state.message}")


@main.command()
def rebuild() -> None:
    """Make the tables again from the log."""
    workspace = Workspace(home_folder())
    try:
        workspace.projector.rebuild()
        click.echo(f"The tables are made again from {workspace.log.position()} changes.")
    finally:
        workspace.close()


for command in (export_bundle, import_bundle, sheet):
    main.add_command(command)
