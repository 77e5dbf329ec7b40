"""The page: whole, closed to the outside, and the same for the same facts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest

from stook.scoring.evaluation import distribution, verdict
from stook.scoring.report import Report, render
from stook.scoring.report.page import implied_range
from tests.unit.scoring.report.sample import evaluation, hostile, report

VOID = {"meta", "rect", "line", "circle"}
LINKS = {"src", "href", "srcset", "action", "formaction", "data", "poster", "xlink:href", "style"}


class Page(HTMLParser):
    """What a page is made of, read as strictly as a parser of the standard library can."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and that it is open."""
        self.tags[tag] += 1
        self.attributes += attrs
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last, and no other."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words, single-spaced."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def html() -> str:
    """The sample's page."""
    return render(report())


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    """The sample's page, read."""
    return Page(html)


def test_equal_reports_give_equal_pages(html: str) -> None:
    """No clock, no random id: the same facts are the same bytes."""
    assert render(report()) == html


def test_page_is_closed_to_the_outside(page: Page, html: str) -> None:
    """There is no script, no link, no frame, and a policy that forbids whatever might slip in."""
    assert not {"script", "link", "iframe", "img", "object", "embed", "base", "form", "a"} & set(page.tags)
    assert not LINKS & {name for name, _ in page.attributes}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html.replace("http-equiv", "")
    assert "default-src 'none'; style-src 'unsafe-inline'" in html


def test_page_is_accessible_in_its_structure(page: Page) -> None:
    """Language, one first heading, no level skipped, a caption and scopes for each table, a name for each image."""
    attributes = Counter(page.attributes)
    assert attributes["lang", "en"] == 1
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))
    assert page.tags["caption"] == page.tags["table"] > 5
    assert attributes["scope", "col"] + attributes["scope", "row"] == page.tags["th"]
    assert attributes["role", "img"] == page.tags["svg"] == page.tags["desc"]


def test_ids_are_unique_and_every_reference_leads_to_one(page: Page) -> None:
    """No id is given twice, so that every caption and description is found."""
    ids = Counter(value for name, value in page.attributes if name == "id")
    assert max(ids.values()) == 1
    named = [value or "" for name, value in page.attributes if name == "aria-labelledby"]
    assert {word for value in named for word in value.split()} <= set(ids)


def test_page_leads_with_the_verdict(page: Page) -> None:
    """The first thing under the title is whether one may use the numbers, the second the expected total."""
    place = [
        page.text.index(text) for text in ("Verdict: fair", "Use with care", "Expected spend", "Bundles")
    ]
    assert place == sorted(place)
    assert "£664k" in page.text


def test_page_says_what_happened_to_the_rows(page: Page) -> None:
    """Accepted and rejected rows are shown with their reasons."""
    for text in ("392,692", "541,909", "no customer", "135,080", "Quantity × UnitPrice"):
        assert text in page.text


def test_best_of_each_column_is_told_without_colour(page: Page) -> None:
    """Each of the seven measures has a best that a screen reader hears."""
    methods = page.text[
        page.text.index("against simple methods") : page.text.index("The best of each column")
    ]
    assert methods.count("(best)") == 7


def test_foreign_text_stays_text() -> None:
    """Whatever a customer id, a file name or a parameter holds, it is shown and never becomes part of the page."""
    shown = Page(render(hostile()))
    assert set(shown.tags) == set(Page(render(report(50))).tags)
    assert not LINKS & {name for name, _ in shown.attributes}
    assert shown.text.count("alert(1)") >= 5
    assert "{{7*7}}" in shown.text
    assert "\u202e" not in shown.text
    assert "\x00" not in shown.text


def test_hostile_lengths_do_not_grow_the_page() -> None:
    """A customer id of ten million letters and a thousand periods still make a page that loads."""
    base = hostile()
    periods = tuple(
        replace(base.evaluations[0], origin=date.fromordinal(730_000 + number)) for number in range(1000)
    )
    many = replace(base, evaluations=periods, top=base.top * 500)
    many = replace(
        many, quality=replace(base.quality, rejected=base.quality.rejected * 1000, notes=("n",) * 1000)
    )
    assert len(render(many).encode()) < 400_000


def test_million_customers_make_a_small_page() -> None:
    """A page about a million customers is far below two megabytes."""
    random = np.random.default_rng(5)
    means = random.lognormal(4, 1.4, 1_000_000)
    large = evaluation(date(2011, 10, 1), customers=200_000)
    base = report(50)
    outlook = replace(base.outlook, customers=len(means), bins=distribution(means, means[:1000]))
    assert len(render(replace(base, outlook=outlook, evaluations=(large,) * 12)).encode()) < 150_000


def bare() -> Report:
    """Return a report with nothing in it that may be missing."""
    base = report(50)
    return replace(
        base,
        evaluations=(),
        verdict=verdict(()),
        top=(),
        limits=(),
        currency="",
        outlook=replace(
            base.outlook, bins=(), expected_buyers=None, previous_buyers=None, previous_total=0.0, customers=0
        ),
        quality=replace(base.quality, first=None, last=None, columns=(), rejected=(), rows_read=0, notes=()),
        provenance=replace(base.provenance, bundles=(), parameters={}, code_commit=None),
    )


def test_page_without_a_closed_period_says_so() -> None:
    """Too little history leaves a page that is whole, says that nothing was tested, and shows no accuracy."""
    shown = Page(render(bare()))
    assert "Verdict: poor" in shown.text
    assert "too little history" in shown.text
    assert "RMSE " not in shown.text.split("Words")[0]
    assert "svg" not in shown.tags


def test_periods_without_spend_are_shown() -> None:
    """A closed period in which nobody bought has no bias and no Gini, and the page says so with a dash."""
    base = report(50)
    none = replace(base.evaluations[0].model.scores, bias_of_sum=None, gini=None, quantiles=())
    dead = replace(
        base.evaluations[0],
        actual_total=0.0,
        zero_share=1.0,
        model=replace(base.evaluations[0].model, scores=none),
        baselines=(),
        deciles=tuple(replace(group, actual=0.0, predicted=0.0) for group in base.evaluations[0].deciles),
    )
    assert "–" in Page(render(replace(base, evaluations=(dead,)))).text


def test_small_misses_have_ticks_of_their_own() -> None:
    """Where the total was off by less than a percent, the ticks of its picture still differ."""
    base = report(50)
    model = base.evaluations[0].model
    close = replace(
        base.evaluations[0], model=replace(model, scores=replace(model.scores, bias_of_sum=0.006))
    )
    assert "+0.2% +0.4% +0.6%" in Page(render(replace(base, evaluations=(close,)))).text


def test_range_of_the_total_follows_from_past_misses() -> None:
    """A total that was once 20% too low and once 25% too high may be between four fifths and five quarters of it."""
    base = report(50)
    biases = (-0.2, 0.25)
    periods = tuple(
        replace(e, model=replace(e.model, scores=replace(e.model.scores, bias_of_sum=bias)))
        for e, bias in zip(base.evaluations, biases, strict=False)
    )
    base = replace(base, evaluations=periods, outlook=replace(base.outlook, expected_total=1000.0))
    assert implied_range(base) == pytest.approx((800.0, 1250.0))
    assert implied_range(replace(base, evaluations=())) is None
