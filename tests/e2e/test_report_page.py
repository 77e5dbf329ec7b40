"""The report in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from stook.scoring.report import render
from tests.unit.scoring.report.sample import hostile, report

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # containers have little of it
]
_START_MILLISECONDS = 180_000
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, timeout=_START_MILLISECONDS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The URLs of the sample's page and of the hostile one."""
    folder = tmp_path_factory.mktemp("pages")
    return {name: _write(folder / f"{name}.html", html) for name, html in _rendered().items()}


@pytest.fixture(params=["sample", "hostile"])
def url(request: pytest.FixtureRequest, pages: dict[str, str]) -> str:
    """Each page in turn."""
    return pages[request.param]


def test_nothing_is_requested_said_or_run(browser: Browser, url: str) -> None:
    """Opening the page asks for the page alone, says nothing on the console, and opens no dialogue."""
    page = browser.new_page()
    heard: list[str] = []
    page.on("request", lambda request: heard.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.goto(url, wait_until="networkidle")
    assert heard == [url]
    page.close()


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_page_never_scrolls_sideways(browser: Browser, url: str, viewport: dict[str, int]) -> None:
    """At phone and desk width nothing sticks out; wide tables scroll in a frame of their own."""
    page = browser.new_page(viewport=viewport)  # type: ignore[arg-type]
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    page.close()


def test_wide_tables_scroll_by_keyboard_on_a_phone(browser: Browser, pages: dict[str, str]) -> None:
    """A table wider than a phone is inside a region that takes the focus and scrolls."""
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.goto(pages["sample"])
    region = page.get_by_role("region", name="highest expected spend")
    region.focus()
    assert region.evaluate("e => e.scrollWidth > e.clientWidth && document.activeElement === e")
    page.close()


@pytest.mark.parametrize(("viewport", "shown"), [(PHONE, "narrow"), (DESK, "wide")], ids=["phone", "desk"])
def test_text_in_pictures_can_be_read(
    browser: Browser, pages: dict[str, str], viewport: dict[str, int], shown: str
) -> None:
    """One picture of each pair is shown, at its own size, so that its text is not shrunk below 11 pixels."""
    page = browser.new_page(viewport=viewport)  # type: ignore[arg-type]
    page.goto(pages["sample"])
    images = page.locator("figure svg")
    visible = [image for image in images.all() if image.is_visible()]
    assert len(visible) == 3
    for image in visible:
        width = image.bounding_box()["width"]  # type: ignore[index]
        assert image.evaluate("e => e.parentElement.className") == shown
        assert 12 * width / image.evaluate("e => e.viewBox.baseVal.width") >= 11
    page.close()


def test_dark_mode_is_dark(browser: Browser, pages: dict[str, str]) -> None:
    """The page follows the reader's colour scheme."""
    light, dark = (
        _background(browser.new_context(color_scheme=scheme), pages["sample"]) for scheme in ("light", "dark")
    )
    assert sum(light) > 700
    assert sum(dark) < 120


def test_page_prints_to_a_few_sheets(browser: Browser, url: str, tmp_path: Path) -> None:
    """On A4 nothing is wider than the sheet and the whole takes a handful of sheets."""
    page = browser.new_page(viewport={"width": 673, "height": 1000})
    page.goto(url)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 673
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    sheets = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n")
    assert 3 <= sheets <= 8
    page.close()


def _rendered() -> dict[str, str]:
    return {"sample": render(report()), "hostile": render(hostile())}


def _write(path: Path, html: str) -> str:
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def _background(context: BrowserContext, url: str) -> list[int]:
    page: Page = context.new_page()
    page.goto(url)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
