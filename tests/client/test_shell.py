"""The shell as the server gives it: whole, lean, the laptop's own questions, and about nobody."""

import gzip
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, FileSystemLoader
from PIL import Image

from observer.app import HEADERS as LAPTOP
from observer.app import languages
from observer.shell import Shell, edition, rendering
from observer.shell.files import ShellFile
from tests.client.shell_pages import Elements, browser_of, put_bundle

# The forms hand their options over in a way that a later WTForms will not take; the pin holds it.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices as tuples")
PHONE = {"Accept-Encoding": "gzip"}
# Bytes on the wire, for English, of what the server renders.
BUDGET = {
    **{"document": 9_500, "sections": 16_000, "checklist": 7_000, "rest": 6_000},
    "later": 24_000,
}
LATER = ("more.html", "guidance.json")


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = put_bundle(tmp_path / "client")
    monkeypatch.setattr(edition, "BUNDLE", folder)
    return folder


@pytest.fixture(scope="module")
def english() -> Shell:
    """Rendered once; tests that change something make their own."""
    return Shell(["en"])


@pytest.fixture
def phone(english: Shell) -> FlaskClient:
    return browser_of(english)


# Where it is


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-FR,fr;q=0.9,en;q=0.5", "fr"), ("en", "en"), ("xx", "en"), ("", "en"), ("ar-EG", "ar")],
)
def test_the_origin_leads_to_the_app_in_ones_language(accepted: str, language: str) -> None:
    phone = browser_of(Shell(["en", "fr", "ar"]))
    answer = phone.get("/", headers={"Accept-Language": accepted} if accepted else {})
    assert (answer.status_code, answer.location) == (302, f"/app/{language}/")
    assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("path", ["/app/en/nothing", "/app/xx/", "/app/en/sections/../sw.js"])
def test_what_is_not_there_is_said_on_a_page(phone: FlaskClient, path: str) -> None:
    answer = phone.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_language_that_is_read_from_the_right_turns_the_page() -> None:
    phone = browser_of(Shell(["en", "ar", "pt_BR"]))
    assert '<html lang="ar" dir="rtl"' in phone.get("/app/ar/").text
    assert '<html lang="pt-BR" dir="ltr"' in phone.get("/app/pt_BR/").text
    assert phone.get("/app/ar/manifest.webmanifest").get_json(force=True)["dir"] == "rtl"


def test_every_language_with_a_catalogue_can_be_had() -> None:
    phone = browser_of(Shell(languages()))
    for language in languages():
        assert phone.get(f"/app/{language}/").status_code == 200


# The document


def test_every_screen_is_given_hidden_and_what_court_needs_at_once_first(
    phone: FlaskClient,
) -> None:
    files = sorted((rendering.PACKAGE / "templates/shell/screens").glob("*.html"))
    wanted = [name for file in files for name in re.findall(r'data-screen="(\w+)"', _own(file))]
    first, later = (
        [a["data-screen"] for a in _sections(phone.get(f"/app/en/{path}").text) if "hidden" in a]
        for path in ("", "more.html")
    )
    assert first == ["today", "log", "write", "checklist"]
    assert sorted(str(name) for name in [*first, *later]) == sorted(wanted)
    assert later == [name for name in wanted if name not in first]


def _own(file: Path) -> str:
    """A screen's sections only: buttons may name a screen to go to."""
    return "\n".join(re.findall(r'<section data-screen="\w+"', file.read_text()))


def _sections(text: str) -> list[dict[str, str | None]]:
    return [attrs for attrs in Elements(text).all("section") if "data-screen" in attrs]


def test_a_screen_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing else has to be told of it."""
    screens = tmp_path / "shell" / "screens"
    screens.mkdir(parents=True)
    (screens / "00-first.html").write_text('<section data-screen="first" hidden></section>')
    shell = Shell(["en"])
    ours = shell.renderer.app.jinja_env.loader
    assert ours is not None
    shell.renderer.app.jinja_env.loader = ChoiceLoader([FileSystemLoader(tmp_path), ours])
    text = browser_of(shell).get("/app/en/more.html").text
    assert _sections(text)[0]["data-screen"] == "first"


def test_nothing_in_the_document_needs_more_than_the_strict_policy(phone: FlaskClient) -> None:
    answer = phone.get("/app/en/")
    elements = Elements(answer.text).found
    for tag, attrs in elements:
        assert tag not in ("style", "iframe", "object", "base", "meta-http"), tag
        assert not [name for name in attrs if name == "style" or name.startswith("on")], attrs
        for name in ("src", "href", "action"):
            assert not str(attrs.get(name) or "").startswith(("http", "//", "data:")), attrs
    scripts = [attrs for tag, attrs in elements if tag == "script"]
    assert [s.get("type") for s in scripts if "src" not in s] == ["application/json"]
    policy = dict(
        part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert policy["manifest-src"] == "'self'"
    assert policy["worker-src"] == "'self' blob:"
    assert policy["img-src"] == "'self' blob:"
    assert answer.headers["Referrer-Policy"] == LAPTOP["Referrer-Policy"]


def test_the_program_has_its_words(phone: FlaskClient) -> None:
    found = re.search(r'id="words">(.*?)</script>', phone.get("/app/en/").text)
    assert found
    words = json.loads(found[1])
    assert words["kind.ruling"] == "Ruling"
    assert words["saved"] == "Saved"
    assert all(isinstance(each, str) and each for each in words.values())


def test_the_name_says_nothing_unless_it_is_given() -> None:
    assert "<title>Notes</title>" in browser_of(Shell(["en"])).get("/app/en/").text
    phone = browser_of(Shell(["en"], name="Diary <1>"))
    assert "<title>Diary &lt;1&gt;</title>" in phone.get("/app/en/").text
    assert phone.get("/app/en/manifest.webmanifest").get_json(force=True)["name"] == "Diary <1>"


def test_who_asks_changes_nothing_and_leaves_no_cookie(phone: FlaskClient, english: Shell) -> None:
    phone.set_cookie("session", "abc")
    for path in ["", *english.edition("en").files, "sw.js"]:
        answer = phone.get(f"/app/en/{path}", headers={"Authorization": "Bearer abc"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "csrf" not in answer.text if "text" in str(answer.content_type) else True
        assert answer.headers["Cache-Control"] == "no-cache"


# Bytes


def test_it_comes_packed_and_is_not_sent_twice(phone: FlaskClient) -> None:
    plain = phone.get("/app/en/")
    packed = phone.get("/app/en/", headers=PHONE)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again = phone.get("/app/en/", headers={**PHONE, "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Security-Policy" in again.headers
    head = phone.head("/app/en/", headers=PHONE)
    assert (head.status_code, head.data) == (200, b"")
    assert head.content_length == len(packed.data)


def test_the_shell_is_lean(english: Shell) -> None:
    """What a phone fetches once over a slow network, without the program; the table with -s."""
    made = english.edition("en")
    sizes = {
        "document": made.files[""].transferred,
        "sections": made.sections.transferred,
        "checklist": made.files["checklist.json"].transferred,
        "rest": sum(
            file.transferred
            for path, file in made.files.items()
            if path not in ("", *LATER, "checklist.json")
            and not path.startswith(("sections/", "client/"))
        ),
        "later": sum(made.files[path].transferred for path in LATER),
    }
    apart = sum(f.transferred for p, f in made.files.items() if p.startswith("sections/"))
    for name, size in sizes.items():
        print(f"{name:12}{size:8} of {BUDGET[name]}")
    print(f"(sections one by one: {apart})")
    assert all(size <= BUDGET[name] for name, size in sizes.items()), sizes


# On the home screen


def test_it_can_be_put_on_the_home_screen(phone: FlaskClient) -> None:
    manifest = phone.get("/app/en/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    told = manifest.get_json(force=True)
    assert (told["start_url"], told["scope"], told["display"]) == ("./", "./", "standalone")
    for icon in told["icons"]:
        image = Image.open(io.BytesIO(phone.get(f"/app/en/{icon['src']}").data))
        assert (image.format, f"{image.width}x{image.height}") == ("PNG", icon["sizes"])
    assert [icon["purpose"] for icon in told["icons"] if "purpose" in icon] == ["maskable"]


def test_a_round_cut_leaves_the_icon_whole(phone: FlaskClient) -> None:
    image = Image.open(io.BytesIO(phone.get("/app/en/icon-maskable.png").data)).convert("RGB")
    ground, middle = image.getpixel((0, 0)), image.width / 2
    drawn = [
        (x, y)
        for x in range(0, image.width, 4)
        for y in range(0, image.height, 4)
        if image.getpixel((x, y)) != ground
    ]
    assert drawn
    assert max((x - middle) ** 2 + (y - middle) ** 2 for x, y in drawn) <= (0.4 * image.width) ** 2


# The worker's script, and versions


def test_the_worker_names_every_file_with_its_hash(phone: FlaskClient, built: Path) -> None:
    answer = phone.get("/app/en/sw.js")
    assert answer.mimetype == "text/javascript"
    head, _, program = answer.text.partition(";\n")
    told = json.loads(head.removeprefix("const SHELL="))
    assert program == (built / "sw.js").read_text()
    assert (told["base"], told["caches"]) == ("/app/en/", "shell en ")
    assert {"", "client/app.js", "client/part-A.js", "offline.html", "observer.css"} <= told[
        "files"
    ].keys()
    assert "client/sw.js" not in told["files"]
    for path, sha256 in told["files"].items():
        body = phone.get(f"/app/en/{path}").data
        assert hashlib.sha256(body).hexdigest() == sha256, path
    assert f'data-version="{told["version"]}"' in phone.get("/app/en/").text


def test_the_same_shell_is_the_same_version_and_any_change_another(built: Path) -> None:
    first = Shell(["en"]).edition("en").version
    assert Shell(["en"]).edition("en").version == first
    found = {first, Shell(["en"], name="Diary").edition("en").version}
    for name in ("app.js", "part-A.js", "sw.js"):
        (built / name).write_text("/* changed */")
        found.add(Shell(["en"]).edition("en").version)
    (built / "part-B.js").write_text("/* more */")
    found.add(Shell(["en"]).edition("en").version)
    assert len(found) == 6


def test_without_the_bundle_it_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition, "BUNDLE", tmp_path / "none")
    phone = browser_of(Shell(["en"]))
    for path in ("/app/en/", "/app/en/sw.js"):
        answer = phone.get(path)
        assert answer.status_code == 503
        assert "Run: make client" in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_withdrawn_shell_needs_no_bundle_to_end_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition, "BUNDLE", tmp_path / "none")
    script = browser_of(Shell(["en"], withdrawn=True)).get("/app/en/sw.js")
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    assert '"shell en "' in script.text
    assert "unregister" in script.text
    assert "indexedDB" not in script.text


def test_a_picture_is_not_packed_when_that_makes_it_larger() -> None:
    assert ShellFile(b"abc", "image/png").packed is None
