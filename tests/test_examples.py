"""Each example runs as a person runs it, on few pictures, and what it prints is held against what can be known."""

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from drawn import QUICK, script, two_classes

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, *flags: object) -> str:
    done = script(EXAMPLES / name, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table(text: str) -> dict[str, list[float]]:
    """Row → its numbers, the sign as printed."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {
        name: [float(x.replace("−", "-")) for x in re.findall(r"[−+]?\d+(?:\.\d+)?", " | ".join(cells))]
        for name, *cells in rows
    }


@pytest.fixture(scope="module")
def recipe(photos, weights) -> str:
    return run("mobilenet_recipe.py", photos, "--epochs", 6, 1, "--copies", 2)


def test_the_recipe_beats_chance_and_says_how_surely(recipe):
    rows = table(recipe)
    head, after = rows["head only"], rows["then the last 20 layers"]
    assert "| 12 sealed test pictures |" in recipe  # a quarter of 48
    assert head[0] > 60  # chance: 50; every sixth label is wrong, so that a good model has about 83
    assert head[1] < head[0] < head[2]
    assert after[0] - head[0] == pytest.approx(after[3], abs=0.11)
    assert after[4] < after[3] < after[5]
    losses = [float(x) for x in re.findall(r"loss ([\d.]+)", recipe)]
    assert len(losses) == 6 + 1
    assert min(losses[1:6]) < 0.8 * losses[0]  # not the last: wrong labels in a batch of four rows weigh much


def test_the_network_looks_once_and_without_a_second_phase_nothing_differs(recipe, photos):
    again = run("mobilenet_recipe.py", photos, "--epochs", 6, 0, "--copies", 2)
    assert "36 pictures to learn from, looked at now: 0" in again
    head, after = table(again)["head only"], table(again)["then the last 20 layers"]
    assert head == table(recipe)["head only"]
    assert after[:3] == head
    assert after[3] == 0


def test_headstarts_own_choice_stands_beside_it(finished):
    """The finished run's folder answers the same request, so nothing is fitted again."""
    text = run("mobilenet_recipe.py", finished.data, "--epochs", 1, 0, "--copies", 2, "--fit", finished.out, *QUICK[2:])
    own = json.loads((finished.out / "run.json").read_text())["metrics"]["accuracy"]
    assert table(text)["headstart.fit"][0] == pytest.approx(100 * own, abs=0.06)


def test_the_last_20_layers_move_and_nothing_else(weights, capsys):
    """By timm's own names; the frozen ones and all running statistics stay bitwise."""
    import torch

    from headstart.source import _catalogue
    from headstart.source.vision.backbone import load
    from headstart.types import Features

    spec = spec_from_file_location("mobilenet_recipe", EXAMPLES / "mobilenet_recipe.py")
    example = module_from_spec(spec)
    spec.loader.exec_module(example)
    backbone = load(_catalogue.get("mobilenet-v2"))
    before = {name: value.clone() for name, value in backbone.net.state_dict().items()}
    torch.manual_seed(0)
    network, depth = example.opened(backbone, 3)
    assert depth == "cut:3"
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 2, 96, 4, 4)).astype(np.float16)
    example.fit(network, Features(maps, np.arange(6) % 3, "drawn"), 2, 1e-3, seed=0)
    assert capsys.readouterr().out.count("loss") == 2
    moved = {name for name, value in backbone.net.state_dict().items() if not torch.equal(value, before[name])}
    blocks = ("blocks.5.1.", "blocks.5.2.", "blocks.6.0.", "conv_head.", "bn2.")
    learning = {name for name, _ in backbone.net.named_parameters() if name.startswith(blocks)}
    assert len({name.rpartition(".")[0] for name in learning}) == 20
    assert moved == learning


def test_three_ways_to_the_svm(photos, weights):
    text = run("off_the_shelf_svm.py", photos, "--copies", 3)
    rows = table(text)
    names = [*rows]
    assert names[1:] == ["plain", "augmented training", "augmented training, 3 test copies"]
    assert "28 pictures to learn from, 8 to choose C on" in text
    assert "features (28, 3, 1280)" in text
    for name in names[1:]:
        c, accuracy, low, high, *against = rows[name]
        assert c in (0.1, 1, 10, 100)
        assert low < accuracy < high
        assert accuracy > 60  # as above
        if against:
            assert accuracy - rows["plain"][1] == pytest.approx(against[0], abs=0.11)
            assert against[1] < against[0] < against[2]


def test_averaged_decisions_of_the_svm():
    """Three classes and two copies, against scikit-learn's own decision function by hand."""
    spec = spec_from_file_location("off_the_shelf_svm", EXAMPLES / "off_the_shelf_svm.py")
    example = module_from_spec(spec)
    spec.loader.exec_module(example)
    rng = np.random.default_rng(0)
    y = np.arange(30) % 3
    x = (np.eye(3)[y][:, None] * 0.4 + rng.random((30, 2, 3))).astype(np.float32)
    svm = example.machine(x, y, 1.0)
    shuffled = rng.permutation(y)
    by_hand = [
        sum(svm.decision_function(x[i, v][None])[0] for v in range(2)).argmax() == shuffled[i] for i in range(30)
    ]
    assert example.right(svm, x, shuffled).tolist() == by_hand
    assert example.right(svm, x, y).mean() > 0.5  # chance: 0.33


@pytest.fixture(scope="module")
def fetched(real):
    """The sources that the text examples run on."""
    for key in ("albert-reactions", "wordllama"):
        real(key)


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def lines(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_language_model_of_the_domain_beside_four_others(fetched, tmp_path):
    """Drawn chains of atoms: amines have nitrogen, ethers oxygen, in any order; 60 rows have no label at all."""
    rng = np.random.default_rng(0)
    rows = [
        {"text": "".join(rng.choice([*"CCCC", *"NO"[i % 2] * 2], 16)) + "C1CC1", "label": ("amine", "ether")[i % 2]}
        for i in range(160)
    ]
    loose = [{"text": "".join(rng.choice([*"CCCCNO"], 20)), "label": ""} for _ in range(60)]
    data = lines(tmp_path / "chains.jsonl", rows + loose)
    text = run("ulmfit.py", data, "--source", "albert-reactions", "--each", 12, "--most", 6, "--least", 12)
    read = re.search(r"24 texts with a label, (\d+) without, 2 classes", text)
    assert read
    found = table(text)
    n = int(re.search(r"\| (\d+) sealed test texts", text)[1])
    assert n + int(read[1]) + 24 == 220
    assert [*found][1:] == [
        "fine-tuning",
        "domain LM, then fine-tuning",
        "fine-tuning, all parts at once",
        "probe",
        "TF-IDF",
    ]
    for name in [*found][1:]:
        accuracy, low, high, *against = found[name]
        assert low <= accuracy <= high
        assert accuracy > 60  # chance: 50
        if against:
            assert accuracy - found["fine-tuning"][0] == pytest.approx(against[0], abs=0.11)
            assert against[1] <= against[0] <= against[2]
    part = text[text.index("intermediate, tuned") : text.index("finetune, tuned")]
    losses = [float(x) for x in re.findall(r"loss ([\d.]+)", part)]
    assert max(losses[:6]) > 1 > losses[-1], "of words first, then of two classes"


def test_few_labels_against_tfidf_is_what_the_runs_say(fetched, tmp_path):
    rng = np.random.default_rng(1)
    kind = {"good": "splendid lovely wonderful superb".split(), "bad": "awful dreadful horrible boring".split()}
    filler = "the a book story it was and characters plot I read this with some pages in end author".split()
    rows = [
        {"text": " ".join([*rng.choice(filler, 14), rng.choice(kind[label]), *rng.choice(filler, 5)]), "label": label}
        for label in ("good", "bad")
        for _ in range(70)
    ]
    data = lines(tmp_path / "reviews.jsonl", rows)
    flags = ["--each", 6, 12, "--test", 60, "--source", "wordllama", "--strategy", "probe"]
    text = run("sentiment_few_labels.py", data, tmp_path / "out", *flags)
    found = table(text)
    assert [*found] == ["labels a class", "6", "12"]
    for each in (6, 12):
        folder = tmp_path / "out" / f"reviews-{each}-0"
        said = json.loads((folder / "run" / "run.json").read_text())
        verdict, train = said["verdict"], texts(folder / "train.jsonl")
        assert len(train) == 2 * each
        assert not set(train) & {*texts(folder / "test.jsonl")}
        assert said["sentence"] in text
        assert found[str(each)][0] == verdict["n_test"] == 60
        numbers = [verdict["transfer"]["value"], verdict["rival"]["value"], verdict["difference"], *verdict["interval"]]
        assert found[str(each)][1:6] == pytest.approx([100 * x for x in numbers], abs=0.06)
        assert (verdict["transfer"]["strategy"], verdict["rival"]["strategy"]) == ("probe", "classical")
    small, large = (tmp_path / "out" / f"reviews-{each}-0" / "test.jsonl" for each in (6, 12))
    assert small.read_text() == large.read_text(), "the same test for both sizes"
    assert found["12"][1] > 70  # chance: 50; what a word vector knows of praise suffices


def test_reviews_of_another_shop_are_adapted_to_without_their_labels(fetched, tmp_path):
    rng = np.random.default_rng(0)
    words = {"positive": ["great", "lovely", "fine"], "negative": ["awful", "broken", "poor"]}
    shops = {}
    for shop, things in (("books", ["novel", "chapter", "plot"]), ("kitchen", ["pan", "kettle", "knife"])):
        rows = [
            {"text": " ".join([*rng.choice(words[label], 2), *rng.choice(things, 4), str(i)]), "label": label}
            for i in range(40)
            for label in words
        ]
        shops[shop] = lines(tmp_path / f"{shop}.jsonl", rows)
    flags = ["--sources", "wordllama", "--method", "coral"]
    text = run("adapt_reviews.py", shops["books"], shops["kitchen"], tmp_path / "out", *flags)
    said = json.loads((tmp_path / "out" / "run" / "adapt.json").read_text())
    assert "label" not in (tmp_path / "out" / "unlabelled.jsonl").read_text()
    assert said["sentence"] in text
    rows = {tuple(line.strip("| ").split(" | ")[:2]) for line in text.splitlines() if line.startswith("| ")}
    assert {("none", "wordllama"), ("coral", "wordllama"), ("none", "TF-IDF")} <= rows
    found = re.search(r"found ([\d.]+) % on (\d+) labelled", text)
    assert [float(x) for x in found.groups()] == pytest.approx([100 * said["verdict"]["value"], 80], abs=0.06)


def test_paintings_that_the_adapted_model_names_otherwise_are_shown(finished, tmp_path):
    """From the finished run, so that nothing is fitted but the methods."""
    paintings = two_classes(tmp_path / "paintings", n=12, seed=5, side=40)
    text = run("adapt_paintings.py", finished.out, paintings, tmp_path / "out", "--method", "coral")
    said = json.loads((tmp_path / "out" / "adapt.json").read_text())
    assert said["sentence"] in text
    other, n = map(int, re.search(r"(\d+) of (\d+) paintings are called otherwise", text).groups())
    assert n == 24
    assert len([line for line in text.splitlines() if line.startswith(("| bug/", "| cane/"))]) == other
    if said["chosen"] == said["untouched"]:
        assert other == 0
