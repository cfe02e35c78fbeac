"""The page: self-contained, escaped, whole, readable; its few own numbers checked by hand."""

import json
import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
import sample

from headstart.report import _svg, _view, _words, card, html, thumbs
from headstart.types import Rival, to_dict

VOID = {"meta", "img", "br", "link", "input", "hr"}
RUNS = sorted(sample.ALL)


class Page(HTMLParser):
    """Collects tags and text; notes every tag that is closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> while {self.open[-3:]} is open")
        else:
            self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data


@pytest.fixture(scope="module")
def pages():
    jpeg = thumbs.thumbnail(np.full((40, 60, 3), 90, np.uint8))
    runs = {name: json.loads(json.dumps(make())) for name, make in sample.ALL.items()}
    return {
        name: (run, html.render(run, {m["path"]: jpeg for m in run.get("mistakes", ())[1:]}))
        for name, run in runs.items()
    }


@pytest.mark.parametrize("name", RUNS)
def test_well_formed(pages, name):
    page = Page(pages[name][1])
    assert page.faults == []
    assert page.open == []


@pytest.mark.parametrize("name", RUNS)
def test_loads_nothing_and_runs_nothing(pages, name):
    text = pages[name][1]
    for tag, attributes in Page(text).tags:
        assert tag not in {"script", "iframe", "object", "embed", "link", "base", "form", "image", "use"}
        for key, value in attributes.items():
            assert not key.startswith("on"), (tag, key)
            if key in {"src", "href", "srcset", "xlink:href", "data", "action", "poster"}:
                assert (value or "").startswith(("#", "data:image/jpeg;base64,")), (tag, key, value)
    css = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|http", css)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("name", RUNS)
def test_names_every_trial_class_and_file_set_aside(pages, name):
    run, text = pages[name]
    clean = _words.clean(run)
    shown = Page(text).text
    for trial in clean["trials"]:
        source = f" on {trial['source']}" if trial["source"] else ""
        assert trial["title"] + source in shown
        assert _words.tie(trial["reason"]) in shown
    for item in clean["task"]["set_aside"]:
        assert f'title="{escape(item["path"])}"' in text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
        assert item["detail"] in shown
    if clean["metrics"]:
        assert all(label in shown for label in clean["task"]["labels"])


@pytest.mark.parametrize(
    ("name", "words"), [("helps", "Reuse helps"), ("rival_wins", "Start fresh"), ("hostile", "Reuse hurts")]
)
def test_every_decision_has_its_words_mark_and_numbers(pages, name, words):
    run, text = pages[name]
    page = Page(text)
    assert words in page.text
    assert _words.tie(run["sentence"]) in page.text
    assert ("body", {"class": run["verdict"]["decision"]}) in page.tags
    assert ("svg", {"class": "mark", "viewbox": "0 0 48 48", "aria-hidden": "true"}) in page.tags
    assert _words.percent(run["metrics"]["accuracy"]) in page.text
    for value in (run["verdict"]["difference"], *run["verdict"]["interval"]):
        assert _words.points(value) in page.text


def test_without_evidence_the_badge_says_what_the_model_does():
    run = sample.rival_wins()
    words = "No evidence either way"
    assert words not in Page(html.render(run)).text
    run["winner"] |= {"reuses": True, "source": "efficientnet-lite0"}
    assert words in Page(html.render(run)).text
    assert _view.decision({"verdict": {"decision": "helps"}, "winner": {"reuses": False}}) == "Reuse helps"
    run["verdict"]["learnt"] = False
    assert "Nothing was learnt" in Page(html.render(run)).text


def test_trials_that_did_not_finish_show_no_score():
    run = sample.helps()
    run["trials"] = [t for t in run["trials"] if t["status"] != "finished"]
    assert {t["status"] for t in run["trials"]} == {"dropped", "failed"}
    run["trials"][0] |= {"accuracy": None, "log_loss": None}  # as the record has it
    cells = re.findall(r'data-name="(?:accuracy|log-loss)">([^<]*)<', html.render(run))
    assert cells == ["–"] * 4


def test_says_which_size_would_be_enough(pages):
    assert "about 1,900 test pictures would be needed" in Page(pages["rival_wins"][1]).text


def test_hostile_names_stay_text(pages):
    text = pages["hostile"][1]
    assert "<script" not in text
    assert "onload=alert(3)>" not in text
    assert "<img src=http" not in text
    assert "ذبابة" in text
    assert "\u202e" not in text
    assert "\\u202egpj.exe" in text
    text.encode()  # a file name that is no UTF-8 does not stop the page from being written


def test_many_classes_list_pairs_instead_of_cells(pages):
    run, text = pages["forty"]
    assert 'class="heat' not in text
    assert "the pairs most often confused" in text
    confusion = np.array(run["metrics"]["confusion"])
    np.fill_diagonal(confusion, 0)
    top = _view.confused(run["metrics"]["confusion"], run["task"]["labels"])
    assert [p["n"] for p in top] == sorted(confusion[confusion > 0].tolist(), reverse=True)[:15]


def test_few_classes_show_each_cell(pages):
    run, text = pages["rival_wins"]
    cells = [int(n) for n in re.findall(r'--heat:[\d.]+">(\d+)</td>', text)]
    assert cells == np.array(run["metrics"]["confusion"]).ravel().tolist()


def test_pictures_without_thumbnail_show_their_name(pages):
    run, text = pages["helps"]
    assert text.count('src="data:image/jpeg;base64,') == len(run["mistakes"]) - 1
    assert text.count("no preview") == 1
    for tag, attributes in Page(text).tags:
        assert tag != "img" or attributes["alt"]


def test_charts_and_tables_can_be_read_aloud(pages):
    for _, text in pages.values():
        tags = Page(text).tags
        for tag, attributes in tags:
            if tag == "svg":
                assert attributes.get("aria-hidden") == "true" or attributes["aria-label"]
            if tag == "th":
                assert attributes["scope"] in {"row", "col"}


def test_sections_with_nothing_to_say_are_left_out():
    run = sample.bare()
    run["trials"] = []
    text = Page(html.render(run)).text
    for title in ("What was set aside", "Caveats and warnings", "Everything that was tried"):
        assert title not in text


def test_colours_reach_wcag_contrast():
    css = (html.Path(html.__file__).parent / "page.css").read_text(encoding="utf-8")
    for block in re.findall(r":root \{([^}]*--ink[^}]*)\}", css):
        colours = dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block))
        for name in ("ink", "muted", "link", "helps", "no_evidence", "hurts"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, name
        for name in ("transfer", "rival", *(f"c{i}" for i in range(8))):
            assert contrast(colours[name], colours["paper"]) >= 2.9, name
        for heat in ("right", "wrong"):  # the darkest cell: 55 % of the heat colour over the paper
            rgb = [int(v) for v in re.search(rf"--{heat}: (\d+) (\d+) (\d+)", block).groups()]
            mixed = [0.55 * a + 0.45 * int(colours["paper"][1 + 2 * i : 3 + 2 * i], 16) for i, a in enumerate(rgb)]
            assert contrast(colours["ink"], "#" + "".join(f"{round(v):02x}" for v in mixed)) >= 4.5, heat


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""

    def light(c: str) -> float:
        parts = [int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("low", "high"), [(-0.03, 0.17), (0.4, 0.98), (-0.001, 0.0015), (0, 480), (0.93, 0.931)])
def test_ticks_are_few_round_and_inside(low, high):
    got = _svg.ticks(low, high)
    assert 2 <= len(got) <= 9
    assert min(got) >= low - 1e-9
    assert max(got) <= high + 1e-9
    step = got[1] - got[0]
    assert round(step / 10 ** np.floor(np.log10(step) + 1e-9), 6) in {1, 2, 5, 10}


def test_difference_is_drawn_to_scale():
    chart = str(_svg.difference(0.1, (0.05, 0.15), 0.01, "x"))
    zero = float(re.search(r'class="zero" x1="([\d.]+)%', chart)[1])
    mid = float(re.search(r'class="dot" cx="([\d.]+)%', chart)[1])
    lo, hi = map(float, re.search(r'class="range" x1="([\d.]+)%" x2="([\d.]+)%', chart).groups())
    band = float(re.search(r'class="band" x="[\d.]+%" y="8" width="([\d.]+)%', chart)[1])
    unit = (mid - zero) / 0.1
    assert [(lo - zero) / unit, (hi - zero) / unit, band / unit] == pytest.approx([0.05, 0.15, 0.02], abs=2e-4)


def test_certain_results_draw():
    chart = _svg.difference(0.0, (0.0, 0.0), 0.01, "no difference at all")
    assert "nan" not in chart
    assert "%" in _svg.axis(_svg.common([(1.0, 1.0)]))


def test_time_adds_up():
    parts = _view.times({"read": 1.0, "embed": 2.0, "total": 4.0})
    assert [(p["name"], p["share"]) for p in parts] == [("read", 0.25), ("embed", 0.5), ("everything else", 0.25)]
    assert _view.times({}) == []


def test_a_run_on_texts_tells_telling_words_and_lengths():
    run = sample.helps()
    run["task"]["modality"] = "text"
    told = [{"words": "<b>free</b>", "drop": 0.314}, {"words": "蜜蜂", "drop": 0.05}]
    run["mistakes"] = [
        {"path": "t.csv:3", "text": "a <b>free</b> 蜜蜂", "truth": "ham", "predicted": "spam", "probability": 0.9}
        | {"telling": told}
    ]
    lengths = [
        {"low": 1 + 5 * i, "high": 5 + 5 * i, "n": 40, "accuracy": a, "interval": [a - 0.06, a + 0.06]}
        for i, a in enumerate((0.7, 0.75, 0.8, 0.9))
    ]
    typical = [{"text": "win now", "predicted": "spam", "probability": 0.8, "telling": []}]
    assert "Short texts and long ones" not in Page(html.render(run)).text
    run["texts"] = {"lengths": lengths, "typical": typical}
    page = html.render(run)
    shown = Page(page).text
    assert "rests on <b>free</b>" in shown
    assert "31" in shown[shown.index("rests on") :][:40]
    assert "&lt;b&gt;free&lt;/b&gt;" in page
    assert "The longest texts are answered better than the shortest, by 20 points." in shown
    assert "no single word" in shown
    assert "16 – 20" in shown


def test_every_rival_has_its_difference_and_two_classes_their_parts():
    run = sample.helps()
    floor = Rival("constant", 0.543, (0.46, 0.62))
    gaps = {"classical": (0.203, [0.131, 0.275]), "scratch": (0.294, [0.21, 0.37]), "constant": (0.411, [0.33, 0.49])}
    run["rivals"].append({**to_dict(floor), "title": "always the largest class"})
    run["verdict"] |= {
        "floor": to_dict(floor),
        "groups": 12,
        "against": [{"rival": r, "difference": gaps[r["strategy"]][0], "interval": gaps[r["strategy"]][1]}
                    for r in run["rivals"]],
    }  # fmt: skip
    run["metrics"]["two_classes"] = {"positive": "bees", "negative": "ants", "sensitivity": 0.941, "specificity": None,
                                     "sensitivity_interval": (0.85, 0.98)}  # fmt: skip
    text = Page(html.render(run)).text.replace("\u202f", " ").replace("\u00a0", " ")
    for said in ("+29.4 [+21.0, +37.0]", "the least to beat", "whole groups resampled (12)", "94.1 %", "of “bees”"):
        assert said in text
    assert "Specificity" not in text
    page = card.render(run).replace("\u202f", " ")
    assert "+41.1 [+33.0, +49.0]" in page
    assert "Sensitivity (of “bees”, named as such)" in page
