"""The court form in Chromium at CPU x4: bytes, first paint, ready, tap to painted, heap.

The full checklist with two accused, on a real ``observer run``. Taps are real clicks; "painted"
is the second animation frame after the click has been handled.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright
from uuid6 import uuid7

from bench.figures import Figures, percentile
from observer.profile import Home, Profile
from observer.workspace import Workspace
from schemas.library import default_checklist
from sync.keys import DeviceKey

SLOWER: Final = 4
TAPS: Final = 30
ARGUMENTS: Final = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
TAP: Final = """label => new Promise(done => {
  const begun = performance.now();
  label.click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
})"""


def measure(folder: Path, rounds: int) -> Figures:
    """Medians over fresh browser contexts."""
    observation = _observation(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen(
        [Path(sys.executable).with_name("observer"), "run", "--port", str(port)],
        env={**os.environ, "OBSERVER_INSTANCE": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/observations/{observation}?section=access"
    try:
        _wait(port)
        return _all_rounds(address, rounds)
    finally:
        app.terminate()
        app.wait(20)


def _all_rounds(address: str, rounds: int) -> Figures:
    figures = Figures()
    runs: dict[str, list[float]] = {}
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=arguments
        )
        for _ in range(rounds):
            context = browser.new_context(viewport={"width": 390, "height": 844})
            for name, value in _one_round(context.new_page(), address).items():
                runs.setdefault(name, []).append(value)
            context.close()
        browser.close()
    for name, values in runs.items():
        figures.spread(name, values)
    return figures


def _one_round(page: Page, address: str) -> dict[str, float]:

    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(gzip.compress(answer.body()))))
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load")
    timing: dict[str, Any] = page.evaluate(
        """() => ({ ready: performance.getEntriesByType('navigation')[0].loadEventEnd,
          paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0 })"""
    )
    labels = page.locator("form.section:not([hidden]) .pills label").all()[:TAPS]
    taps = [float(label.evaluate(TAP)) for label in labels]
    page.wait_for_timeout(500)
    devtools.send("HeapProfiler.collectGarbage")
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    return {
        "first_visit_gz_bytes": float(sum(sizes[:3])),
        "first_paint_ms": float(timing["paint"]),
        "ready_ms": float(timing["ready"]),
        "tap_to_paint_p50_ms": percentile(taps, 0.5),
        "tap_to_paint_p95_ms": percentile(taps, 0.95),
        "heap_mb": heap / 1e6,
    }


def _observation(folder: Path) -> str:
    home = Home(folder)
    device = str(uuid7())
    home.key_path(device).parent.mkdir(parents=True)
    DeviceKey.generate().save(home.key_path(device))
    profile = Profile("measured", device, "OBS-1", "observer", True, "http://127.0.0.1", "")
    home.profile_path.write_text(json.dumps(asdict(profile)))
    space = Workspace(home)
    try:
        case = space.create("case", {"title": "Measured case (fictional)"})
        for code in ("A1", "A2"):
            space.create("person", {"case": case, "code": code, "role": "accused"})
        hearing = space.create(
            "hearing",
            {"case": case, "number": 1, "date": "2026-03-02", "time_zone": "Europe/Berlin"},
        )
        return space.create(
            "observation",
            {
                "case": case,
                "hearing": hearing,
                "checklist": default_checklist().sha256,
                "mode": "full",
                "observed_by": "OBS-1",
                "attendance": {"value": "observed"},
                "answers/hearing.kind": {"value": ["trial"]},
            },
        )
    finally:
        space.close()


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the app did not start")
