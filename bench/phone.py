"""The offline client in Chromium at CPU x4: bytes, ready, tap to painted, saved, heap, cold start.

A real headquarters and a real ``observer serve``; the phone enrols, all questions of the full
checklist are asked, and then the relay is killed: everything but the bytes is measured offline, on
one profile. Beside it enketo-core with the same questions, served from a file server.
"""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from bench import enketo, form
from bench.figures import Figures, percentile
from bench.servers import MISSION, Ingest, free_port, ingest, wait_for
from observer.profile import Home, enrol

TAPS: Final = 100
RUNS: Final = 5  # of the taps, whose median p95 counts
MANY_ENTRIES: Final = 300
MANY_ACCUSED: Final = 40
# When the start has ended, as the page itself sees it.
WATCH: Final = """new MutationObserver((_, watch) => {
  if ('ready' in document.documentElement.dataset) {
    window.readyAt = performance.now(); watch.disconnect();
  }
}).observe(document, { subtree: true, childList: true, attributes: true })"""
TAP: Final = """([selector, index]) => new Promise(done => {
  const button = [...document.querySelectorAll(selector)].filter(e => e.offsetParent)[index];
  const place = document.getElementById('saved'), begun = performance.now();
  let painted = 0, saved = 0;
  const both = () => { if (painted && saved) { watch.disconnect(); done([painted, saved]); } };
  const watch = new MutationObserver(() => {
    if (!saved && place.textContent !== '…') { saved = performance.now() - begun; both(); }
  });
  watch.observe(place, { childList: true, characterData: true, subtree: true });
  button.click();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    painted = performance.now() - begun; both();
  }));
})"""
# What the program imports at once; what it fetches later stands in brackets.
STATIC: Final = re.compile(r"""(?:from|import)\s*["']\./(part-[A-Z0-9]+\.js)["']""")
PILLS: Final = "[data-questions] .pills label"
ANSWER: Final = """given => {
  let count = 0;
  for (const input of document.querySelectorAll('[data-questions] input')) {
    const [, item] = input.name.split('/');
    const wanted = [given[item] ?? []].flat();
    if (wanted.includes(input.value) && !input.checked) { input.click(); count += 1; }
  }
  return count;
}"""


@dataclass
class Phone:
    """A browser on a profile that stays."""

    playwright: Playwright
    profile: Path
    context: BrowserContext | None = None

    def open(self, address: str) -> Page:
        """Start the browser and open an address at CPU x4."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[*form.ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            viewport={"width": 360, "height": 640},
        )
        self.context.add_init_script(WATCH)
        page = self.context.pages[0]
        slow(page)
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    def close(self) -> None:
        """End the browser."""
        if self.context:
            self.context.close()
            self.context = None


def slow(page: Page) -> Any:
    """CPU x4; gives the connection to the browser's tools."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": form.SLOWER})
    return devtools


@contextmanager
def serving(folder: Path, at: Ingest) -> Iterator[tuple[str, Callable[[], None]]]:
    """A relay that gives the app; its origin, and what kills it."""
    invitation = at.hub.invite(MISSION, "RELAY-1", "relay", 600, at.address)
    enrol(Home(folder), invitation)
    port = free_port()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("observer"), "serve", "--port", str(port)],
        env={**os.environ, "OBSERVER_INSTANCE": str(folder)},
        stdout=subprocess.DEVNULL,
    )

    def kill() -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    try:
        wait_for(lambda: form._answers(port), 20)
        yield f"http://127.0.0.1:{port}", kill
    finally:
        if process.poll() is None:
            kill()


def measure(folder: Path, rounds: int) -> Figures:
    """All of it; ``rounds`` are cold starts, of the phone and of the peer in turn."""
    figures = Figures()
    with ExitStack() as stack:
        at = stack.enter_context(ingest(folder / "hub", projecting=False))
        origin, kill = stack.enter_context(serving(folder / "relay", at))
        playwright = stack.enter_context(sync_playwright())
        phone = Phone(playwright, folder / "profile")
        stack.callback(phone.close)
        app = f"{origin}/app/en/"
        shell_bytes(figures, app)
        page = phone.open(app)
        first_use(page, at, f"{origin}/sync/v1")
        kill()
        sitting(page)
        figures.put("questions_asked", page.evaluate(all_asked(page)))
        checklist(page)
        taps(figures, page, "tap", PILLS)
        figures.put("heap_mb", heap(page))
        entries(figures, page)
        checklist(page)
        phone.close()
        cold_starts(figures, phone, app, folder, rounds)
        accused(figures, phone.open(app))
    return figures


def shell_bytes(figures: Figures, app: str) -> None:
    """What is fetched until the whole checklist can be filled in, and what is kept besides."""
    worker = fetch(f"{app}sw.js").decode()
    begin = worker.index("{")
    shell, _end = json.JSONDecoder().raw_decode(worker[begin:])
    names = [name for name in shell["files"] if not name.startswith("sections/")]
    sizes = {name: len(gzip.compress(fetch(app + name), 9)) for name in [*names, shell["sections"]]}
    program = fetch(f"{app}client/app.js").decode()
    parts = STATIC.findall(program)
    begun = ["", "observer.css", "client.css", "checklist.json", shell["sections"], "client/app.js"]
    begun += [f"client/{part}" for part in parts]
    figures.put("start_gz_bytes", sum(sizes[name] for name in dict.fromkeys(begun)))
    figures.put("kept_offline_gz_bytes", sum(sizes.values()))
    for name in dict.fromkeys(begun):
        figures.put(f"start_{name or 'document'}_gz_bytes", sizes[name])


def fetch(address: str) -> bytes:
    """A file of the shell."""
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - loopback
        return bytes(answer.read())


def first_use(page: Page, at: Ingest, address: str) -> None:
    """Enrol, and wait until the worker has everything."""
    invitation = at.hub.invite(MISSION, "OBS-1", "observer", 600, address).text()
    page.fill("textarea[name=invitation]", invitation)
    page.click("[data-screen=enrol] button.main")
    page.wait_for_selector("[data-screen=today]:not([hidden])")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(1000)


def sitting(page: Page) -> None:
    """A case with two accused and a witness, and its hearing, made by hand."""
    page.click("[data-screen=today] [data-go=case_new]")
    page.fill("[data-screen=case_new] input[name=title]", "Measured case (fictional)")
    page.click("[data-screen=case_new] button.main")
    page.wait_for_selector("[data-screen=case]:not([hidden])")
    for role in ("accused", "accused", "witness"):
        page.select_option("#case-role", role)
        page.click("[data-screen=case] form[data-act=person] button")
    page.click("[data-screen=case] form[data-act=hearing] >> xpath=.. >> summary")
    page.fill("[data-screen=case] input[name=time_zone]", "Europe/Berlin")
    page.click("[data-screen=case] form[data-act=hearing] button.main")
    page.wait_for_selector("[data-screen=brief]:not([hidden])")
    page.click("[data-attendance=observed]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")


def all_asked(page: Page) -> str:
    """Give the answers after which everything is asked; what counts them on the page."""
    given = enketo.opening_answers()
    checklist(page)
    for _ in range(3):  # an answer may open the question of another
        count = page.locator("[data-screen=checklist] details.sections button").count()
        for number in range(count):
            page.evaluate(
                "n => document.querySelectorAll("
                "'[data-screen=checklist] details.sections button')[n].click()",
                number,
            )
            page.wait_for_timeout(150)
            page.evaluate(ANSWER, given)
            page.wait_for_timeout(100)
    return (
        "[...document.querySelectorAll('[data-screen=checklist] .sections .progress')]"
        ".reduce((sum, e) => sum + Number(e.textContent.split('/')[1] || 0), 0)"
    )


def checklist(page: Page) -> None:
    """Go to the largest section of the checklist."""
    page.evaluate(
        "document.querySelector('[data-screen]:not([hidden]) [data-go=checklist]')?.click()"
    )
    page.wait_for_selector("[data-questions] .question:not([hidden])")
    page.evaluate(
        """() => {
          const rows = [...document.querySelectorAll('[data-screen=checklist] .sections button')];
          const size = row => Number(row.querySelector('.progress').textContent.split('/')[1]);
          rows.sort((a, b) => size(b) - size(a))[0].click();
        }"""
    )
    page.wait_for_timeout(1000)


def taps(figures: Figures, page: Page, name: str, selector: str, count: int = TAPS) -> None:
    """Tap to painted and to saved; the median over the runs of each run's p95."""
    painted, saved, worst = [], [], []
    for _ in range(RUNS):
        there = page.locator(selector).count()
        each = [page.evaluate(TAP, [selector, n % min(there, 40)]) for n in range(count)]
        painted.append(percentile([one[0] for one in each], 0.95))
        saved.append(percentile([one[1] for one in each], 0.95))
        worst.append(percentile([one[0] for one in each], 0.5))
    figures.spread(f"{name}_to_paint_p95_ms", painted)
    figures.spread(f"{name}_to_paint_p50_ms", worst)
    figures.spread(f"{name}_to_saved_p95_ms", saved)


def heap(page: Page) -> float:
    """MB of script's heap after a collection."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6


def entries(figures: Figures, page: Page) -> None:
    """Stamping with three entries in the log, and with three hundred."""
    page.click("[data-screen=checklist] [data-go=log]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    stamp = "[data-screen=log] .stamps [data-kind=note]"
    for _ in range(3):
        page.evaluate(TAP, [stamp, 0])
    few = [page.evaluate(TAP, [stamp, 0])[0] for _ in range(30)]
    while page.locator("[data-screen=log] .entries > li").count() < MANY_ENTRIES:
        page.evaluate("s => document.querySelector(s).click()", stamp)
        page.wait_for_timeout(15)
    many = [page.evaluate(TAP, [stamp, 0])[0] for _ in range(30)]
    figures.put("stamp_few_entries_p95_ms", percentile(few, 0.95))
    figures.put("stamp_300_entries_p95_ms", percentile(many, 0.95))
    figures.ratio("stamp_300_to_few", "stamp_300_entries_p95_ms", "stamp_few_entries_p95_ms")


def cold_starts(figures: Figures, phone: Phone, app: str, folder: Path, rounds: int) -> None:
    """A new browser, no server, the same profile: until one can tap; and the peer."""
    ready, wall, paint, theirs = [], [], [], []
    with ExitStack() as stack:
        peer = stack.enter_context(peer_site(figures, phone.playwright, folder))
        for _ in range(rounds):
            begun = time.perf_counter()
            page = phone.open(app)
            wall.append((time.perf_counter() - begun) * 1000)
            page.wait_for_selector("[data-questions] .question:not([hidden])")
            ready.append(float(page.evaluate("window.readyAt")))
            paint.append(
                float(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
                    )
                )
            )
            phone.close()
            if peer:
                theirs.append(enketo_ready(phone.playwright, peer))
    figures.spread("cold_offline_ready_ms", ready)
    figures.spread("cold_offline_with_browser_ms", wall)
    figures.spread("first_paint_ms", paint)
    if theirs:
        figures.spread("enketo_ready_ms", theirs)
        figures.ratio_spread("ready_to_enketo", ready, theirs)


@contextmanager
def peer_site(figures: Figures, playwright: Playwright, folder: Path) -> Iterator[str]:
    """The peer's address, empty when it is not to be had."""
    port = free_port()
    arguments = [*form.ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=arguments
    )
    try:
        enketo.site(browser, folder / "enketo")
    except enketo.PeerMissing as error:
        figures.notes["peer_missing"] = str(error)
        yield ""
        return
    finally:
        browser.close()
    figures.notes["peer"] = f"enketo-core {enketo.PACKAGES['dependencies']['enketo-core']}"
    files = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
    files += ["--directory", str(folder / "enketo"), str(port)]
    with form._serving(files, port, {}):
        yield f"http://127.0.0.1:{port}/"


def enketo_ready(playwright: Playwright, address: str) -> float:
    """A fresh browser, the peer's page from its own server: until it has loaded."""
    arguments = [*form.ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=arguments
    )
    page = browser.new_page(viewport={"width": 360, "height": 640})
    slow(page)
    page.goto(address, wait_until="load")
    found = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    browser.close()
    return float(found)


def accused(figures: Figures, page: Page) -> None:
    """Taps with forty accused."""
    page.wait_for_selector("[data-questions] .question:not([hidden])")
    page.evaluate(
        """async count => {
          const form = document.querySelector('[data-screen=checklist] form[data-act=person]');
          for (let n = 0; n < count; n += 1) {
            form.querySelector('select').value = 'accused';
            form.requestSubmit();
            await new Promise(done => setTimeout(done, 30));
          }
        }""",
        MANY_ACCUSED - 2,
    )
    page.wait_for_timeout(2000)
    taps(figures, page, "tap_40_accused", PILLS, 30)
