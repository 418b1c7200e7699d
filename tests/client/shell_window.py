"""What a test sees and does in a window of the shell."""

from playwright.sync_api import BrowserContext, Page

from tests.client.shell_server import Door

READY = "html[data-ready]"
KEPT = "html[data-shell=ready]"
WAITING = "html[data-shell=waiting][data-update]"


def open_app(phone: BrowserContext, door: Door, until: str = KEPT) -> Page:
    page = phone.new_page()
    page.goto(door.app)
    page.wait_for_selector(f"{READY}{until.removeprefix('html')}")
    return page


def editions(page: Page) -> set[str]:
    """The words in the open document, in a section and in a style as the page gets them now."""
    found: list[str] = page.evaluate(
        """async () => {
          const texts = await Promise.all(["sections/access.html", "client.css"].map(
            async (path) => (await fetch(document.documentElement.dataset.base + path)).text()));
          texts.push(document.querySelector("[data-screen=edition]").textContent);
          return texts.map((text) => text.match(/edition (\\w+)/)[1]);
        }"""
    )
    return set(found)


def caches(page: Page) -> list[str]:
    found: list[str] = page.evaluate("caches.keys()")
    return found


def look(page: Page) -> None:
    """Let the browser ask for a new version, and wait until it has it or gave up."""
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          await registration.update().catch(() => {});
          const worker = registration.installing;
          if (worker) await new Promise((done) => {
            worker.addEventListener("statechange", () => worker.state === "installing" || done());
          });
        }"""
    )


def take_over(page: Page) -> bool:
    return bool(page.evaluate("shell.takeOver()"))
