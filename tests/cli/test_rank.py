"""`headstart rank`: the JSON contract, the table, budgets, wrong use; on the two small real sources."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_digits

import tiny_text
from drawn import SMALL, headstart, two_classes
from headstart import api
from headstart.family import names
from headstart.source.vision import timm


@pytest.fixture(scope="module")
def ranked(photos, weights):
    done = headstart("rank", photos, *SMALL, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_json_holds_what_the_contract_promises(ranked):
    assert {"task", "sources", "spend"} <= ranked.keys()
    rows = ranked["sources"]
    assert {row["source"] for row in rows} == {"mobilenet-v2", "efficientnet-lite0"}
    for row in rows:
        assert {"source", "value", "scores", "cost_s", "licence", "caveats"} <= row.keys()
        assert 0.5 < row["value"] <= 1
        assert row["cost_s"] > 0
        assert {"knn", "logme", "leep", "nleep", "nce", "hscore", "gbc", "parc", "centroid", "prior", "ridge"} <= row[
            "scores"
        ].keys()
        assert row["scores"]["ridge"] is not None
    assert rows[0]["loss"] <= rows[1]["loss"], "best first"
    n = ranked["task"]["n"]
    assert {row["n_used"] for row in rows} == {n["train"] + n["valid"]}, "no test picture was looked at"


def test_the_table_has_a_line_a_source_of_at_most_100_columns(photos, weights):
    done = headstart("rank", photos, *SMALL, "--examples", 24, "--quiet")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith(("  mobilenet-v2 ", "  efficientnet-lite0 ")) for line in lines) == 2
    assert max(map(len, lines[:-1])) <= 100
    assert "24 pictures left out" in done.stdout
    assert "Apache-2.0" in done.stdout
    for column in lines[0].split():
        assert f"{column}:" in done.stdout or f"{column}, " in done.stdout or column == "licence", "it is explained"
    assert lines[-1].startswith(f"next: headstart fit {photos} --source ")


def test_a_budget_that_is_over_says_so_with_exit_code_4(photos, weights):
    done = headstart("rank", photos, *SMALL, "--budget", "0.001s", "--quiet")
    assert done.returncode == 4
    assert "Give more with --budget" in done.stderr


def test_a_network_that_is_worse_than_random_on_real_digits_raises_the_alarm_and_one_that_is_not_does_not(
    weights, tmp_path
):
    """The filters of the first convolution are all alike: it sees how bright a place is, and no strokes."""
    torch.manual_seed(0)
    tensors = timm.build("test_resnet").state_dict()
    first = tensors["conv1.0.weight"]
    tensors["conv1.0.weight"] = first.mean((0, 2, 3), keepdim=True).expand_as(first).contiguous()
    save_file(tensors, tmp_path / "blind.safetensors")
    digits = load_digits()
    for at in np.random.default_rng(0).permutation(len(digits.target))[:400]:
        folder = tmp_path / "digits" / str(digits.target[at])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.uint8(255 - 15.9 * digits.images[at])).resize((64, 64)).save(folder / f"{at}.png")
    sources = ["mobilenet-v2", f"timm:test_resnet={tmp_path / 'blind.safetensors'}"]
    found = api.rank(tmp_path / "digits", source=sources, examples=200).record
    rows = {row["source"].partition("@")[0]: row for row in found["sources"]}
    assert rows["blind"]["value"] < rows["blind"]["random"]
    assert rows["mobilenet-v2"]["value"] > rows["mobilenet-v2"]["random"]
    (told,) = [c for c in rows["blind"]["caveats"] if c.startswith("alarm: ")]
    assert "does not beat its own architecture with random weights" in told
    assert [key for key, row in rows.items() if any("alarm" in c for c in row["caveats"])] == ["blind"]
    assert not [w for w in found["task"]["warnings"] if "random weights" in w], "another one leads: nobody takes it"
    alone = api.rank(tmp_path / "digits", source=sources[1], examples=200).record
    warning, *_ = [w for w in alone["task"]["warnings"] if "random weights" in w]
    assert warning.startswith("Negative transfer is likely: blind@test_resnet")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--sources", "mobilenet-v3x"), 2, "There is no source 'mobilenet-v3x'. Did you mean 'mobilenet-v2'?"),
        (("--examples", "1"), 2, "examples must be 2 or more"),
        (("--engine", "fast"), 2, "There is no engine 'fast'"),
        (("--kind", "sorting"), 2, "There is no kind of task 'sorting'"),
        (("--budget", "soon"), 2, "The budget soon is no duration"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(options, code, said, photos):
    done = headstart("rank", photos, *options)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_source_for_texts_is_told_to_see_none(tmp_path):
    two_classes(tmp_path / "photos", 4, side=40)
    done = headstart("rank", tmp_path / "photos", "--sources", "wordllama", "--quiet")
    assert done.returncode == 2
    assert "reads texts, not pictures" in done.stderr
    assert "Traceback" not in done.stderr


def test_scores_leave_groups_out_as_wholes_or_say_that_they_do_not(tmp_path, wordllama):
    rows = [
        {"text": e.content, "label": "ab"[e.answer], "person": i // 4} for i, e in enumerate(tiny_text.texts(48, 2))
    ]
    data = tmp_path / "said.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows))
    told = {}
    for group in ("person", None):
        (row,) = api.rank(data, source=wordllama.key, group=group).record["sources"]
        found = [c.partition(":")[0].split(", ") for c in row["caveats"] if "examples of one group" in c]
        told[group] = {name for by in found for name in by}
        assert row["scores"]["knn"] is not None
    assert told["person"] == {name for name in names("score") if name not in ("knn", "ridge", "centroid", "prior")} & {
        name for name, value in row["scores"].items() if value is not None
    }
    assert told[None] == set()
