"""A page in a browser that Playwright does not drive, with Playwright's names for what one does.

:class:`Driven` knows what a person does; a browser's own class knows how it is told. What is
pressed and typed comes in as from pointer and keyboard, never as an event that a script made.
"""

import re
import time
from abc import ABC, abstractmethod
from typing import Any

PATIENCE = 40  # seconds
BACKSPACE = "\ue003"

# The element that a selector means; its end may be Playwright's way to ask for words in it.
FOUND = """
const [selector, words, shown] = args;
const found = [...document.querySelectorAll(selector)].find((each) =>
  each.textContent.includes(words) && (!shown || (each.checkVisibility() && !each.disabled)));
"""
FIND = FOUND + "return found ?? null;"
IS_THERE = FOUND + "return found !== undefined;"
# It has come to rest, as others may still be filled in above it, and nothing lies over it: what is
# met there is the element, or the label that stands for it.
IS_FREE = (
    FOUND
    + """
if (!found) return false;
found.scrollIntoView({ block: "center" });
const place = () => JSON.stringify(found.getBoundingClientRect());
const before = place();
for (let frame = 0; frame < 3; frame += 1) {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)));
  if (place() !== before) return false;
}
const { left, top, width, height } = found.getBoundingClientRect();
const met = document.elementFromPoint(left + width / 2, top + height / 2);
return found.contains(met) || met?.closest("label")?.control === found;
"""
)
SELECTED = """
document.activeElement.select?.();
return document.activeElement.value ?? "";
"""


class Driven(ABC):
    """What one can do with a page."""

    @abstractmethod
    def goto(self, address: str) -> None:
        """Open an address."""

    @abstractmethod
    def run(self, body: str, *args: Any) -> Any:
        """What the body of an asynchronous function gives, called with ``args``."""

    @abstractmethod
    def press(self, finder: str, *args: Any) -> None:
        """Press the element that a function's body gives."""

    @abstractmethod
    def type(self, words: str) -> None:
        """Type into what has the focus."""

    def wait_for(self, body: str, *args: Any) -> Any:
        """Wait until a function gives something."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.run(body, *args)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never came: {body} {args}; {self.state()}")
            time.sleep(0.05)
        return found

    def state(self) -> str:
        """What the page says now, for who reads why a test failed."""
        return str(self.run("return document.body.innerText.slice(0, 2000)"))

    def wait_for_selector(self, selector: str) -> None:
        """Wait until an element is in the page."""
        self.wait_for(IS_THERE, *_parts(selector), False)

    def click(self, selector: str) -> None:
        """Press an element once it is shown, and nothing lies over it."""
        self.wait_for(IS_FREE, *_parts(selector), True)
        self.press(FIND, *_parts(selector), True)

    def fill(self, selector: str, words: str) -> None:
        """Type words into a field in place of what is there."""
        self.click(selector)
        if self.run(SELECTED):
            self.type(BACKSPACE)
        self.type(words)

    def texts(self, selector: str) -> list[str]:
        """The words of all elements that a selector means, also of what is scrolled away."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(args[0])].map((e) => e.textContent)", selector
        )
        return found


def _parts(selector: str) -> tuple[str, str]:
    """A selector of CSS, and the words that must be in what it means."""
    found = re.fullmatch(r"(.*?)(?::has-text\('(.*)'\))?", selector)
    assert found
    return found[1], found[2] or ""


def write(page: Driven, words: str) -> None:
    """Stamp an entry and write it; the phone says that it is saved before this returns."""
    entries = ".entries li"
    before = len(page.texts(entries))
    page.click("[data-screen=log] [data-kind=note]")
    page.wait_for(f"return document.querySelectorAll('{entries}').length > args[0]", before)
    page.click("[data-screen=log] .entries li:first-of-type [data-act=write]")
    page.fill("[data-screen=write] textarea[name=text]", words)
    page.wait_for_selector("#saved:has-text('Saved')")
    page.click("[data-screen=write] button.main")
    page.wait_for_selector("[data-screen=log]:not([hidden])")


def answer(page: Driven, number: int, comment: str = "") -> tuple[str, str]:
    """Answer a question of the section that is shown; the answer's path and value, once saved."""
    page.click("[data-screen=log] [data-go=checklist]")
    page.wait_for_selector("[data-questions] .question:not([hidden]) input[type=radio]")
    path, value = page.run(
        """
        const shown = [...document.querySelectorAll(".question:not([hidden]) .slot")];
        const slot = shown.filter((each) => each.querySelector(":scope > .pills"))[args[0]];
        return [slot.dataset.path, slot.querySelectorAll("input[type=radio]")[args[0] % 2].value];
        """,
        number,
    )
    slot = f"[data-path='{path}']"
    page.click(f"{slot} label:has(> input[value='{value}'])")
    if comment:
        page.click(f"{slot} .evidence summary")
        page.fill(f"{slot} textarea[name^=comment]", comment)
    page.wait_for_selector("#saved:has-text('Saved')")
    page.click("[data-screen=checklist] [data-go=log]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    return path, value


def answered(page: Driven) -> dict[str, str]:
    """What the checklist shows as answered, by path; comments under ``comment/`` and the path."""
    page.click("[data-screen=log] [data-go=checklist]")
    page.wait_for_selector("[data-questions] .question:not([hidden]) input[type=radio]")
    found: dict[str, str] = page.run(
        """
        const [ticked, written] = ["input:checked", "textarea[name^=comment]"].map((each) =>
          [...document.querySelectorAll(`[data-questions] ${each}`)]);
        const all = [...ticked, ...written.filter((each) => each.value)];
        return Object.fromEntries(all.map((each) =>
          [each.name.replace("special/", ""), each.value]));
        """
    )
    page.click("[data-screen=checklist] [data-go=log]")
    page.wait_for_selector("[data-screen=log]:not([hidden])")
    return found


def words_in_log(page: Driven) -> set[str]:
    """The words of all entries that the log shows."""
    return {text for text in page.texts(".entries [data-text=words]") if text}
