"""The command ``observer sheet``: the quick checklist on two sides of paper."""

import os
from pathlib import Path

import click
from babel import Locale, UnknownLocaleError
from flask import Flask, render_template
from flask_babel import Babel

from observer.app import home_folder
from observer.errors import NotSetUp
from observer.sheet import Heading, Sheet, make_sheet
from observer.views.sheets import render_sheet, sheet_for
from observer.views.words import install_filters
from observer.workspace import Workspace
from schemas.library import default_checklist


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--hearing", metavar="ID", help="Print date, court and persons of this hearing.")
@click.option("--language", default="", help="Language of the sheet, such as fr; else your own.")
@click.option(
    "--section", "sections", multiple=True, help="Only this section, by letter or id; repeatable."
)
def sheet(out: Path, hearing: str | None, language: str, sections: tuple[str, ...]) -> None:
    """Write the quick checklist as one page, OUT.html, that prints on two sides of paper."""
    language = _language(language)
    _check_sections(sections)
    made = _sheet(hearing, language, sections)
    out.write_text(_rendered(made, language), encoding="utf-8")
    click.echo(f"Open {out} in a browser and print it on both sides of one sheet (A4 or letter).")


def _language(given: str) -> str:
    given = given or os.environ.get("OBSERVER_LANGUAGE", "en")
    try:
        return str(Locale.parse(given.replace("-", "_")))
    except (ValueError, UnknownLocaleError) as error:
        raise click.BadParameter(f"{given} is no language. Write it as fr.") from error


def _check_sections(sections: tuple[str, ...]) -> None:
    printed = [
        section
        for section in default_checklist().sections
        if any(item.core and item.who == "observer" for item in section.items)
    ]
    known = {name for section in printed for name in (section.id, section.letter.lower())}
    for each in sections:
        if each.lower() not in known:
            letters = ", ".join(f"{section.letter} {section.id}" for section in printed)
            raise click.BadParameter(f"No core question is in section {each}. Choose: {letters}")


def _sheet(hearing: str | None, language: str, sections: tuple[str, ...]) -> Sheet:
    home = home_folder()
    if hearing:
        workspace = Workspace(home)
        try:
            return sheet_for(workspace, hearing, language, sections)
        finally:
            workspace.close()
    try:
        profile = home.profile()
        heading = Heading(mission=profile.mission, observer=profile.author)
    except NotSetUp:
        heading = Heading()  # an empty sheet needs no mission
    return make_sheet(default_checklist(), language, heading, (), sections)


def _rendered(made: Sheet, language: str) -> str:
    """The page, made without the app's stores."""
    app = Flask("observer")
    Babel(app, locale_selector=lambda: language)
    install_filters(app)
    with app.test_request_context():
        return render_sheet(made, render_template("sheet.css"))
