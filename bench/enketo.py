"""A peer for the court form: enketo-core with the same questions, built from npm outside of git.

What npm brings stays in the user's cache and runs no install scripts. Without npm, a registry or a
package there is no peer, and ``PeerMissing`` says why.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from playwright.sync_api import Browser

from schemas.checklist import SPECIAL, Item, Section
from schemas.library import default_checklist, option_label

# The last two overrides stand for a git address and for a version that npm does not have.
PACKAGES: Final[Mapping[str, Any]] = {
    "private": True,
    "dependencies": {
        "enketo-core": "9.0.1",
        "enketo-transformer": "4.2.0",
        "esbuild": "0.25.12",
        "sass": "1.93.2",
    },
    "overrides": {"leaflet-draw": "1.0.4", "openrosa-xpath-evaluator": "3.1.0"},
}
APP: Final = """import { Form } from 'enketo-core';
const modelStr = document.getElementById('model').textContent;
const form = new Form(document.querySelector('form.or'), { modelStr }, {});
window.loadErrors = form.init();
window.answers = () => form.getDataStr();
"""
TRANSFORM: Final = """import { transform } from 'enketo-transformer/web';
window.transform = transform;
"""
PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Enketo</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="style.css"><script type="module" src="app.js"></script></head>
<body><div class="main"><article class="paper"><header class="form-header clearfix">
<span class="form-language-selector hide"><span>Choose Language</span></span></header>
%(form)s</article></div><script id="model" type="text/xml">%(model)s</script></body></html>
"""
TYPES: Final = {
    "number": "int",
    "duration": "int",
    "date": "date",
    "time": "time",
    "datetime": "dateTime",
}
MINUTES: Final = 5


class PeerMissing(Exception):
    """The peer cannot be built here; the text says why."""


def built() -> Path:
    """The folder with the peer's script and style, and the script that transforms forms.

    :raises PeerMissing: npm or a package is not to be had
    """
    mark = sha256(json.dumps([PACKAGES, APP, TRANSFORM]).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    kept = cache / "trial-observer-bench" / f"enketo-{mark}"
    if kept.is_dir():
        return kept
    if shutil.which("npm") is None:
        raise PeerMissing("npm is not installed")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        _build(Path(folder))
        (Path(folder) / "dist").rename(kept)
    return kept


def _build(folder: Path) -> None:
    (folder / "package.json").write_text(json.dumps(PACKAGES))
    (folder / "app.js").write_text(APP)
    (folder / "transform.js").write_text(TRANSFORM)
    _run(
        folder,
        "npm install --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error",
    )
    core = folder / "node_modules" / "enketo-core"
    for style in core.rglob("*.scss"):
        # Written for the repository that enketo-core comes from.
        words = style.read_text()
        style.write_text(words.replace("/packages/enketo-core/node_modules/", ""))
    _run(
        folder,
        "node node_modules/sass/sass.js --quiet --style=compressed --no-source-map "
        "--load-path=node_modules node_modules/enketo-core/src/sass/formhub/formhub.scss "
        "dist/style.css",
    )
    browser: dict[str, str] = json.loads((core / "package.json").read_text())["browser"]
    aliases = [f"--alias:{name}={(core / path).resolve()}" for name, path in browser.items()]
    bundle = "node_modules/.bin/esbuild --bundle --minify --log-level=error --outdir=dist "
    _run(folder, f"{bundle} --format=esm app.js", [_with_ending(each) for each in aliases])
    _run(folder, f"{bundle} --format=iife --external:libxslt transform.js")


def _with_ending(alias: str) -> str:
    return alias if alias.endswith(".js") else f"{alias}.js"


def _run(folder: Path, command: str, more: list[str] | None = None) -> None:
    words = [*command.split(), *(more or [])]
    try:
        subprocess.run(
            words, cwd=folder, check=True, capture_output=True, text=True, timeout=MINUTES * 60
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip().splitlines()[:3]
        raise PeerMissing(f"{words[0]} failed: {' '.join(said)[:300]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(f"{words[0]} did not run: {type(error).__name__}") from error


def site(browser: Browser, folder: Path) -> None:
    """Write the peer's page, script and style into a folder to be served.

    The form is transformed here, before anything is timed.

    :raises PeerMissing: the peer cannot be built, or does not take the form
    """
    peer = built()
    page = browser.new_page()
    try:
        page.add_script_tag(path=peer / "transform.js")
        made = page.evaluate("xform => window.transform({ xform })", xform())
    finally:
        page.close()
    folder.mkdir()
    for name in ("app.js", "style.css"):
        shutil.copyfile(peer / name, folder / name)
    page_text = PAGE % {"form": made["form"], "model": made["model"]}
    (folder / "index.html").write_text(page_text, encoding="utf-8")


def opening_answers() -> dict[str, str | list[str]]:
    """Answers after which every question of the observer is asked, by item."""
    items = default_checklist().items
    wanted: dict[str, list[str]] = {"hearing.kind": list(items["hearing.kind"].options)}
    for item in items.values():
        if item.relevant_if is not None:
            wanted.setdefault(item.relevant_if.item, []).extend(item.relevant_if.any_of)
    return {
        item: list(dict.fromkeys(values))
        if items[item].answer == "multi"
        else max(values, key=values.count)
        for item, values in wanted.items()
    }


def xform() -> str:
    """The observer's questions of the full checklist as an XForm: wording, guidance, options.

    Conditions on other answers are kept, and the answers that meet them are given; each question
    is asked once, whoever is concerned.
    """
    given = opening_answers()
    sections = [
        (section, [item for item in section.items if item.who == "observer"])
        for section in default_checklist().sections
    ]
    asked = [(section, items) for section, items in sections if items]
    places = {item.id: _place(section, item) for section, items in asked for item in items}
    instance = "".join(
        f"<{section.id}>{''.join(_node(item, given) for item in items)}</{section.id}>"
        for section, items in asked
    )
    binds = "".join(_bind(item, places) for _section, items in asked for item in items)
    body = "".join(
        f'<group ref="/data/{section.id}"><label>{escape(section.title)}</label>'
        f"{''.join(_control(item, places[item.id]) for item in items)}</group>"
        for section, items in asked
    )
    return (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
        'xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>Measured (fictional)</h:title>'
        f'<model><instance><data id="measured" version="1">{instance}'
        f"<meta><instanceID/></meta></data></instance>{binds}"
        '<bind nodeset="/data/meta/instanceID" type="string" readonly="true()" '
        "calculate=\"concat('uuid:', uuid())\"/></model></h:head>"
        f"<h:body>{body}</h:body></h:html>"
    )


def _name(item: Item) -> str:
    return item.id.replace(".", "_")


def _node(item: Item, given: Mapping[str, str | list[str]]) -> str:
    value = given.get(item.id, "")
    words = value if isinstance(value, str) else " ".join(value)
    return f"<{_name(item)}>{words}</{_name(item)}>"


def _place(section: Section, item: Item) -> str:
    return f"/data/{section.id}/{_name(item)}"


def _bind(item: Item, places: Mapping[str, str]) -> str:
    kind = TYPES.get(item.answer, "string")
    gate = item.relevant_if
    condition = ""
    if gate is not None and gate.item in places:
        tests = [f"selected({places[gate.item]}, '{value}')" for value in gate.any_of]
        condition = f" relevant={quoteattr(' or '.join(tests))}"
    return f'<bind nodeset="{places[item.id]}" type="{kind}"{condition}/>'


def _control(item: Item, place: str) -> str:
    words = f"<label>{escape(item.text)}</label><hint>{escape(item.help)}</hint>"
    if not item.choices:
        return f'<input ref="{place}">{words}</input>'
    tag = "select" if item.answer == "multi" else "select1"
    options = "".join(
        f"<item><label>{escape(option_label(item, value, 'en'))}</label>"
        f"<value>{value}</value></item>"
        for value in (*item.choices, *SPECIAL)
    )
    return f'<{tag} ref="{place}">{words}{options}</{tag}>'
