"""The court form in Chromium at CPU x4: bytes, first paint, ready, tap to painted, heap.

The full checklist on a real ``observer run``, with two accused and with forty, beside enketo-core
with the same questions; the answers given in each have all questions asked. Taps are real clicks;
"painted" is the second animation frame after the click has been handled.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Response, sync_playwright
from uuid6 import uuid7

from bench import enketo
from bench.figures import Figures, percentile
from bench.servers import wait_for
from observer.profile import Home, Profile
from observer.workspace import Workspace
from schemas.library import default_checklist
from sync.keys import DeviceKey

SECTION: Final = "access"
# Most questions of one section that are put for each accused.
SECTION_OF_MANY: Final = "arrest"
SLOWER: Final = 4
TAPS: Final = 30
QUIET_MS: Final = 1500
ARGUMENTS: Final = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
TAP: Final = """label => new Promise(done => {
  const begun = performance.now();
  label.click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
})"""


@dataclass(frozen=True)
class Subject:
    """A page that is measured: its address, and which labels are tapped."""

    name: str
    address: str
    labels: str


def measure(folder: Path, rounds: int) -> Figures:
    """Medians over fresh browser contexts; the pages take turns within a round."""
    figures = Figures()
    few, many = _observations(folder, (2, 40))
    app_port, peer_port = free_port(), free_port()
    ours = f"http://127.0.0.1:{app_port}/observations"
    pills = "form.section:not([hidden]) .pills label"
    subjects = [
        Subject("form", f"{ours}/{few}?section={SECTION}", pills),
        Subject("form_40_accused", f"{ours}/{many}?section={SECTION_OF_MANY}", pills),
    ]
    command = [Path(sys.executable).with_name("observer"), "run", "--port", str(app_port)]
    with (
        _serving(command, app_port, {"OBSERVER_INSTANCE": str(folder)}),
        _chromium() as browser,
        ExitStack() as peer,
    ):
        try:
            enketo.site(browser, folder / "enketo")
        except enketo.PeerMissing as error:
            figures.notes["peer_missing"] = str(error)
        else:
            files = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
            files += ["--directory", str(folder / "enketo"), str(peer_port)]
            peer.enter_context(_serving(files, peer_port, {}))
            figures.notes["peer"] = f"enketo-core {enketo.PACKAGES['dependencies']['enketo-core']}"
            labels = f'section.or-group[name="/data/{SECTION}"] .option-wrapper label'
            subjects.append(Subject("enketo", f"http://127.0.0.1:{peer_port}/", labels))
        _rounds(figures, browser, subjects, rounds)
    return figures


def _rounds(figures: Figures, browser: Browser, subjects: list[Subject], rounds: int) -> None:
    for subject in subjects:
        # The first page that a server makes costs more; it is not the browser's.
        urllib.request.urlopen(subject.address).read()  # noqa: S310 - loopback
    runs: dict[str, dict[str, list[float]]] = {subject.name: {} for subject in subjects}
    for number in range(rounds):
        turn = number % len(subjects)
        for subject in (*subjects[turn:], *subjects[:turn]):
            context = browser.new_context(viewport={"width": 390, "height": 844})
            for name, value in _one_visit(context.new_page(), subject).items():
                runs[subject.name].setdefault(name, []).append(value)
            context.close()
    for who, found in runs.items():
        for name, values in found.items():
            figures.spread(f"{who}_{name}", values)
    if "enketo" in runs:
        for name, values in runs["form"].items():
            if name not in ("questions", "taps", "server_ms"):
                figures.ratio_spread(f"form_to_enketo_{name}", values, runs["enketo"][name])


def _one_visit(page: Page, subject: Subject) -> dict[str, float]:
    came: list[Response] = []
    page.on("response", lambda answer: came.append(answer))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(subject.address, wait_until="load")
    size = sum(len(gzip.compress(answer.body())) for answer in list(came))
    timing: dict[str, Any] = page.evaluate(
        """() => ({ ready: performance.getEntriesByType('navigation')[0].loadEventEnd,
          paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
          questions: document.querySelectorAll(
            'section.question:not([hidden]), form.or .question:not(.disabled)').length,
          answered: performance.getEntriesByType('navigation')[0].responseStart,
          errors: (window.loadErrors ?? []).join(' ') })"""
    )
    if timing["errors"]:
        raise RuntimeError(f"The peer did not load: {timing['errors']}")
    labels = page.locator(subject.labels).all()[:TAPS]
    taps = [float(label.evaluate(TAP)) for label in labels]
    _come_to_rest(page, came)
    devtools.send("HeapProfiler.collectGarbage")
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    return {
        "questions": float(timing["questions"]),
        "taps": float(len(taps)),
        "first_visit_gz_bytes": float(size),
        "server_ms": float(timing["answered"]),
        "first_paint_ms": float(timing["paint"]),
        "ready_ms": float(timing["ready"]),
        "tap_to_paint_p50_ms": percentile(taps, 0.5),
        "tap_to_paint_p95_ms": percentile(taps, 0.95),
        "heap_mb": heap / 1e6,
    }


def _come_to_rest(page: Page, came: Sequence[Response]) -> None:
    """Wait until the saves that the taps began are over, so that they weigh on no later visit."""
    before = -1
    while before != len(came):
        before = len(came)
        page.wait_for_timeout(QUIET_MS)


@contextmanager
def _chromium() -> Iterator[Browser]:
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=arguments
        )
        yield browser
        browser.close()


@contextmanager
def _serving(command: list[Any], port: int, environment: dict[str, str]) -> Iterator[None]:
    server = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: _answers(port), 20)
        yield
    finally:
        server.terminate()
        server.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _observations(folder: Path, accused: Sequence[int]) -> list[str]:
    home = Home(folder)
    device = str(uuid7())
    home.key_path(device).parent.mkdir(parents=True)
    DeviceKey.generate().save(home.key_path(device))
    profile = Profile("measured", device, "OBS-1", "observer", True, "http://127.0.0.1", "")
    home.profile_path.write_text(json.dumps(asdict(profile)))
    space = Workspace(home)
    try:
        return [_observation(space, number) for number in accused]
    finally:
        space.close()


def _observation(space: Workspace, accused: int) -> str:
    case = space.create("case", {"title": "Measured case (fictional)"})
    for number in range(1, accused + 1):
        space.create("person", {"case": case, "code": f"A{number}", "role": "accused"})
    space.create("person", {"case": case, "code": "W1", "role": "witness"})
    hearing = space.create(
        "hearing",
        {"case": case, "number": 1, "date": "2026-03-02", "time_zone": "Europe/Berlin"},
    )
    made = space.create(
        "observation",
        {
            "case": case,
            "hearing": hearing,
            "checklist": default_checklist().sha256,
            "mode": "full",
            "observed_by": "OBS-1",
            "attendance": {"value": "observed"},
        },
    )
    sitting = space.sitting(made)
    for item, value in enketo.opening_answers().items():
        holder = sitting.holder(item)
        space.edit(holder.kind, holder.id, {f"answers/{item}": {"value": value}})
    return made
