"""The model card: front matter that YAML reads, sections in order, names that stay text."""

import pytest
import sample
import yaml
from markdown_it import MarkdownIt

from headstart.report import _modality, _view, _words, card

SECTIONS = [
    "What it is", "Verdict", "Intended use", "Data", "Evaluation", "Limits and caveats", "How to use", "Provenance",
]  # fmt: skip


def front(text: str) -> dict:
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("\n---\n")[0][4:])


@pytest.mark.parametrize("name", sorted(sample.ALL))
def test_front_matter_and_sections(name):
    run = sample.ALL[name]()
    text = card.render(run)
    head = front(text)
    assert head["pipeline_tag"] == "image-classification"
    assert head["metrics"] == ["accuracy", "f1"]
    assert run["winner"]["strategy"] in head["tags"]
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    text.encode()


def test_numbers_licence_and_source_are_there():
    run = sample.helps()
    text = card.render(run)
    head = front(text)
    assert head["license"] == "apache-2.0"
    values = {m["type"]: m["value"] for m in head["model-index"][0]["results"][0]["metrics"]}
    assert values["accuracy"] == pytest.approx(run["metrics"]["accuracy"], abs=1e-4)
    assert values["f1"] == pytest.approx(run["metrics"]["macro_f1"], abs=1e-4)
    for part in (run["winner"]["paper"], run["winner"]["sha256"], run["command"], "+20.3 points", "[90.8, 97.7]"):
        assert part in text


def test_the_models_compared_are_named_with_their_source():
    assert "| Linear probe on efficientnet-lite0 (this model) | reuses |" in card.render(sample.helps())


def test_a_rival_has_no_licence_to_carry():
    text = card.render(sample.rival_wins())
    assert front(text)["license"] == "unknown"
    assert "yours to choose" in text


def test_a_licence_the_hub_does_not_know_is_named():
    run = sample.helps()
    run["winner"]["licence"] = "Strange: 1.0"
    assert front(card.render(run))["license"] == "other"
    assert front(card.render(run))["license_name"] == "Strange: 1.0"


def test_hostile_names_stay_text():
    run = sample.hostile()
    run["winner"]["paper"] = "javascript:alert(1)"
    body = card.render(run).split("\n---\n", 1)[1]
    parsed = MarkdownIt("commonmark").enable("table").parse(body)
    tokens = [t for block in parsed for t in [block, *(block.children or [])]]
    assert {t.type for t in tokens}.isdisjoint({"html_block", "html_inline", "link_open", "image"})
    shown = {"".join(c.content for c in block.children) for block in parsed if block.type == "inline"}
    for label in _words.clean(run["task"]["labels"]):
        assert label in shown, "each class has a table cell that shows its very name"


def test_the_card_of_a_text_model_shows_texts():
    run = sample.helps()
    run["task"]["modality"] = "text"
    text = card.render(run)
    assert front(text)["pipeline_tag"] == "text-classification"
    assert 'run.predict(["a new text"])' in text
    assert "A text classifier" in text


def test_of_data_that_no_file_shows_a_card_says_what_holds_for_any():
    """A kind of data without a file in report/modality/: the hub has no name for what its models do."""
    run = {**_view.whole(sample.helps()), "shown": _modality.of("scent")}
    head = front(f"{card._front(run, None)}\n")
    assert "pipeline_tag" not in head
    assert "classification" in head["tags"]
    assert 'run.predict(["new.csv"])' in card._how(run, None)
    assert "A classifier for" in card._what(run)
