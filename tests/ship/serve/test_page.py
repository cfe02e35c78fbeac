"""The page in a real browser: a dropped picture is answered, a broken one is told, and nothing complains."""

from __future__ import annotations

import base64
import re
import shutil

import numpy as np
import pytest

from at_work import judged, picture_run, serving, text_run
from hostile import draw

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
DROP = """([name, data]) => {
  const file = new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name), moved = new DataTransfer();
  moved.items.add(file);
  dispatchEvent(new DragEvent("drop", { dataTransfer: moved, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    desk = tmp_path_factory.mktemp("runs")
    shares = {f"p({label})": [n / 60 for n in range(40)] for label in ("cane", "bug", "twig")}
    runs = {"bugs": judged(picture_run(desk / "bugs"), {"image": ["a"] * 40, "label": ["bug"] * 40} | shares)}
    runs["ask"] = text_run(desk / "ask")
    runs["many"] = text_run(desk / "many", "multilabel", ("sun", "rain"))
    numbers = {"text": ["a"] * 20, "value": [1.0] * 20, "predicted": [1.5] * 20}
    runs["score"] = judged(text_run(desk / "score", "regression", ("score",)), numbers)
    with serving(runs) as site:
        yield site


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser, site):
    """The page, opened; afterwards its console must have been silent, and nobody else asked."""
    made, said, asked = browser.new_page(), [], []
    made.set_default_timeout(30_000)
    made.on("console", lambda line: said.append(line.text) if "422" not in line.text else None)
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    made.goto(site.url)
    made.locator("#model option").first.wait_for(state="attached")
    yield made
    made.close()
    assert said == []
    assert [url for url in asked if not url.startswith((site.url, "blob:", "data:"))] == []


def drop(page, name: str, data: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])


def picture(tmp_path) -> bytes:
    draw(0, np.random.default_rng(1), 120).save(tmp_path / "cane.jpg")
    return (tmp_path / "cane.jpg").read_bytes()


def test_a_dropped_picture_is_answered_and_shown_where_it_was_looked_at(page, tmp_path):
    drop(page, "cane.jpg", picture(tmp_path))
    page.locator("#bars li").nth(2).wait_for()
    shown = [float(text.strip("<> %")) for text in page.locator("#bars .line span:last-child").all_inner_texts()]
    assert sum(shown) == pytest.approx(100, abs=0.2)
    assert shown == sorted(shown, reverse=True)
    assert page.locator("#picture").is_visible()
    assert "90 times in a hundred, by its 40 judged predictions" in page.locator("#basis").inner_text()
    page.select_option("#coverage", "0.99")
    page.get_by_text("Not sure: ").wait_for()  # 40 predictions promise no 99 %
    page.get_by_role("button", name="Where did it look?").click()
    page.get_by_text(re.compile("Strongest where|No single part")).wait_for()
    assert page.locator("#heat").is_visible()


def test_a_broken_file_is_told(page, tmp_path):
    drop(page, "cut.jpg", picture(tmp_path)[:500])
    page.get_by_text("cut.jpg: The file ends before the picture does.").wait_for()
    assert not page.locator("#said").is_visible()
    drop(page, "notes.txt", b"no picture at all")
    page.get_by_text("notes.txt: The content is not that of any picture format").wait_for()


def test_texts_by_the_keyboard_alone(page):
    page.locator("#model").focus()
    page.keyboard.type("ask")
    page.keyboard.press("Tab")
    page.keyboard.type("river stone lamp winter")
    page.keyboard.press("Control+Enter")
    page.locator("#bars li").nth(1).wait_for()
    assert "no judged predictions are kept" in page.locator("#basis").inner_text()
    page.locator("#explain").focus()
    page.keyboard.press("Enter")
    page.locator("#told mark").nth(3).wait_for()
    assert page.locator("#told").inner_text() == "river stone lamp winter"


def test_other_kinds_of_answers(page):
    page.select_option("#model", "score")
    page.fill("#text", "river stone")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text(re.compile(r"score: -?[\d.,]+ \(-?[\d.,]+ to -?[\d.,]+\)")).wait_for()
    assert page.locator("#bars li").count() == 0
    page.select_option("#model", "many")
    page.get_by_role("button", name="Ask").click()
    page.locator("#bars li").nth(1).wait_for()
    assert page.locator("#bars li .line span:first-child").all_inner_texts() == ["sun", "rain"]


@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_is_wider_than_the_screen(page, width, tmp_path):
    page.set_viewport_size({"width": width, "height": 700})
    drop(page, "cane.jpg", picture(tmp_path))
    page.locator("#bars li").nth(2).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_key_is_asked_for_and_then_used(browser, tmp_path):
    with serving({"ask": text_run(tmp_path / "ask")}, key="s3cret") as site:
        page = browser.new_page()
        page.goto(site.url)
        page.get_by_label("Key of this server").fill("s3cret")
        page.keyboard.press("Enter")
        page.fill("#text", "river stone")
        page.get_by_role("button", name="Ask").click()
        page.locator("#bars li").nth(1).wait_for()
        page.close()
