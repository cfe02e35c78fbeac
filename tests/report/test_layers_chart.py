"""The transfer curve and the forgetting part of the page: drawn to scale, readable aloud, hostile names stay text."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from headstart.judge import forgetting
from headstart.report import _layers, _words
from headstart.types import to_dict

VOID = {"br"}
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202etxt'


def depth(name, at, probe, tuned=None):
    loss = None if probe is None else 1 - probe
    return {
        "name": name, "at": at, "dim": 320, "probe": probe, "probe_log_loss": loss, "probe_se": loss and loss / 9,
        "tuned": tuned, "tuned_log_loss": None if tuned is None else 1 - tuned,
    }  # fmt: skip


def record(**change):
    depths = [
        depth("input", 0.0, None, 0.95) | {"dim": 0},
        depth("stage1", 0.25, 0.6),
        depth("stage2", 0.5, 0.7, 0.9),
        depth("stage3", 0.75, 0.85, None),
        depth("top", 1.0, 0.8, 0.8),
    ]
    base = {
        "source": "mobilenet-v2", "depths": depths, "best": "stage3", "why": "stage3 is chosen: 85.0 % right.",
        "trend": "The curve peaks at stage3.", "tail": 2, "tail_why": "Training the last 2.", "n_train": 120,
        "n_valid": 1, "peak": 0.75, "drop_at_top": 0.05,
    }  # fmt: skip
    return base | change


class Snippet(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.tags, self.text = [], [], [], ""
        self.feed(str(text))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.text += data


def dots(svg):
    """Centres of the frozen dots and of the tuned squares, in pixels."""
    frozen = re.findall(r'<circle class="dot transfer" cx="([\d.]+)" cy="([\d.]+)"', str(svg))
    squares = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="7"', str(svg))
    return np.array(frozen, float), np.array(squares, float).reshape(-1, 2) + 3.5


def forgotten(labels=True):
    rng = np.random.default_rng(0)
    a, z = rng.normal(size=(49, 12)), 4 * rng.normal(size=(49, 5))
    y = z.argmax(1) if labels else None
    f = forgetting.measure(
        a, a + rng.normal(size=a.shape), z, z + 2 * rng.normal(size=z.shape), y, on="the 49 pictures"
    )
    return json.loads(json.dumps(to_dict(f))) | {"sentence": forgetting.sentence(f)}


def test_points_stand_where_they_were_measured_and_to_scale():
    frozen, tuned = dots(_layers.chart(record()))
    assert len(frozen) == 4
    assert len(tuned) == 3
    x = np.polyfit([0.25, 0.5, 0.75, 1.0], frozen[:, 0], 1)
    y = np.polyfit([0.6, 0.7, 0.85, 0.8], frozen[:, 1], 1)
    assert y[0] < 0
    assert frozen[:, 1] == pytest.approx(np.polyval(y, [0.6, 0.7, 0.85, 0.8]), abs=0.1)
    assert tuned[:, 0] == pytest.approx(np.polyval(x, [0.0, 0.5, 1.0]), abs=0.2)
    assert tuned[:, 1] == pytest.approx(np.polyval(y, [0.95, 0.9, 0.8]), abs=0.2)


def test_lines_join_only_what_was_measured():
    text = str(_layers.chart(record()))
    assert sorted(path.count("L") for path in re.findall(r'<path class="line"[^>]* d="([^"]+)"', text)) == [2, 3]
    alone = record(depths=[depth("top", 1.0, 0.9)], best="top")
    assert "<path" not in str(_layers.chart(alone))
    assert len(dots(_layers.chart(alone))[0]) == 1


def test_the_chosen_depth_is_marked():
    text = str(_layers.chart(record()))
    at = float(re.search(r'class="ideal" x1="([\d.]+)"', text)[1])
    frozen, _ = dots(text)
    assert frozen[2, 0] == pytest.approx(at, abs=0.1)
    assert len(re.findall(r'r="6"', text)) == 1
    assert "Chosen: stage3." in text
    assert re.search(
        r"<tr class=\"chosen\"><th scope=\"row\"><bdi>stage3</bdi>, chosen", str(_layers.section(record()))
    )


@pytest.mark.parametrize(
    "values", [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.5, 0.5001, 0.5), (0.0, 0.5, 1.0), (0.97, 1.0, 0.98)]
)
def test_every_value_lies_inside_and_small_differences_stay_small(values):
    rows = [depth(f"stage{i}", (i + 1) / 3, v) for i, v in enumerate(values)]
    text = str(_layers.chart(record(depths=rows, best="stage0")))
    frozen, _ = dots(text)
    assert "nan" not in text
    assert (frozen[:, 1] >= 12).all()
    assert (frozen[:, 1] <= 230 - 46).all()
    if max(values) - min(values) < 0.001:
        assert np.ptp(frozen[:, 1]) < 1
    labels = re.findall(r'class="tick y"[^>]*>([^<]+)<', text)
    assert len(labels) == len(set(labels)) >= 2


def test_can_be_read_aloud():
    snippet = Snippet(_layers.section(record()))
    (svg,) = [a for tag, a in snippet.tags if tag == "svg"]
    assert svg["role"] == "img"
    for words in (
        "mobilenet-v2",
        "stage1 60.0",
        "top 80.0",
        "Fine-tuned above the depth: input 95.0",
        "Chosen: stage3",
    ):
        assert words in svg["aria-label"]
    assert all(a["scope"] in {"row", "col"} for tag, a in snippet.tags if tag == "th")
    assert any(a.get("role") == "region" and a.get("tabindex") == "0" for _, a in snippet.tags)


def test_the_section_holds_the_reasons_and_every_number():
    snippet = Snippet(_layers.section(record()))
    assert (snippet.faults, snippet.open) == ([], [])
    assert "stage3 is chosen: 85.0\u202f% right." in snippet.text
    assert "The curve peaks at stage3." in snippet.text
    assert "1 validation picture, learnt from 120 training pictures" in snippet.text
    for row in record()["depths"]:
        for key in ("probe", "tuned"):
            assert _words.percent(row[key]) in snippet.text
    assert "0.400 ± 0.044" in snippet.text
    assert any(tag == "details" for tag, _ in snippet.tags)


def test_without_fine_tuning_nothing_is_said_of_it():
    rows = [d | {"tuned": None, "tuned_log_loss": None} for d in record()["depths"][1:]]
    text = Snippet(_layers.section(record(depths=rows))).text
    assert "fine-tuned" not in text
    assert len(dots(_layers.chart(record(depths=rows)))[1]) == 0
    assert _layers.chart(record(depths=[])) == ""


def test_hostile_names_stay_text():
    rows = [depth(HOSTILE, 0.5, 0.5, 0.6), depth("top", 1.0, 0.6)]
    hostile = record(depths=rows, source=HOSTILE, best=HOSTILE, why=HOSTILE, trend=HOSTILE, tail_why=HOSTILE)
    forgot = forgotten() | {"on": HOSTILE, "sentence": HOSTILE}
    for snippet in (_layers.section(hostile), _layers.forgetting_section(forgot)):
        text = str(snippet)
        assert "<script" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert "<script>alert(1)</script>" in unescape(text)
        found = Snippet(text)
        assert (found.faults, found.open) == ([], [])
        assert not any(key.startswith("on") for _, a in found.tags for key in a)


def test_forgetting_shows_its_numbers():
    given = forgotten()
    snippet = Snippet(_layers.forgetting_section(given))
    assert (snippet.faults, snippet.open) == ([], [])
    assert _words.tie(given["sentence"]) in snippet.text
    for words in (
        _words.percent(given["agreement"]), _words.number(given["drift"], 2), _words.number(given["divergence"], 2),
        _words.percent(given["accuracy_after"]), _words.points(given["change"]), "the source saw 5 classes of its own",
    ):  # fmt: skip
        assert words in snippet.text
    assert "not whether the old skill got worse" not in snippet.text


def test_without_source_labels_the_part_says_what_it_cannot_tell():
    snippet = Snippet(_layers.forgetting_section(forgotten(labels=False)))
    assert "not whether the old skill got worse" in snippet.text
    assert "At the source’s own task" not in snippet.text
