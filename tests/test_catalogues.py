"""Translation catalogues: none is stale, and what extracts, updates and compiles them works."""

import gettext
from pathlib import Path

import pytest

from scripts import catalogues


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one room in a folder of its own; gives the room's folder."""
    (tmp_path / "babel.cfg").write_text((catalogues.ROOT / "babel.cfg").read_text())
    folder = tmp_path / "observer"
    (folder / "templates").mkdir(parents=True)
    (folder / "static").mkdir()
    (folder / "forms.py").write_text(
        "title = lazy_gettext('Case')\n"
        "# Translators: of a log\n"
        "count = ngettext('%(n)s entry', '%(n)s entries', n, n=n)\n"
    )
    (folder / "templates" / "a.html").write_text("<p>{{ _('Hearing') }}</p>")
    (folder / "static" / "a.js").write_text("say(gettext('Saved'))")
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    return folder


def test_no_catalogue_is_stale() -> None:
    """Every string of the sources is in every catalogue, and no other."""
    assert list(catalogues.stale()) == []


def test_a_missing_string_is_found_and_update_brings_it(room: Path) -> None:
    assert [line for line in catalogues.stale() if "lacks 'Case'" in line]
    catalogues.update_all()
    catalogues.add("fr")
    assert list(catalogues.stale()) == []
    (room / "forms.py").write_text("title = gettext('Trial')")
    found = "\n".join(catalogues.stale())
    assert "messages.pot lacks 'Trial'" in found
    assert "messages.po lacks 'Trial'" in found
    assert "messages.po has 'Case', which no source uses" in found
    catalogues.update_all()
    assert list(catalogues.stale()) == []


def test_python_templates_and_scripts_are_read(room: Path) -> None:
    found = {msgid for _, msgid in catalogues.identities(catalogues.extract("observer"))}
    assert found == {"Case", "%(n)s entry", "Hearing", "Saved"}


def test_a_translation_survives_an_update_and_is_compiled(room: Path) -> None:
    catalogues.update_all()
    catalogues.add("fr")
    path = room / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    path.write_text(
        path.read_text().replace('msgid "Case"\nmsgstr ""', 'msgid "Case"\nmsgstr "Cas"')
    )
    catalogues.update_all()
    catalogues.compile_all()
    with path.with_suffix(".mo").open("rb") as file:
        french = gettext.GNUTranslations(file)
    assert french.gettext("Case") == "Cas"
    assert french.gettext("Hearing") == "Hearing"
    assert "Translators" in path.read_text()


def test_updating_twice_changes_nothing(room: Path) -> None:
    catalogues.update_all()
    catalogues.add("fr")
    before = {path: path.read_bytes() for path in room.rglob("messages.po*")}
    assert len(before) == 2
    catalogues.update_all()
    assert {path: path.read_bytes() for path in room.rglob("messages.po*")} == before
