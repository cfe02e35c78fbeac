"""check shows what was understood of data, trains nothing and leaves the sealed test alone."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from drawn import headstart, two_classes
from headstart.errors import UsageError


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = two_classes(tmp_path_factory.mktemp("check") / "photos", n=12, side=40)
    (folder / "bug" / "broken.png").write_bytes(b"no picture")
    copy = next((folder / "bug").glob("*"))
    (folder / "bug" / "copy.png").write_bytes(copy.read_bytes())
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path, rng = tmp_path_factory.mktemp("check") / "t.csv", np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["nr", "sentence", "label", "author"])
        for at in range(60):
            words = " ".join("".join(rng.choice([*"aeioubdfgklm"], 5)) for _ in range(6 + at % 5 + 30 * (at % 2)))
            out.writerow([at, words, "ab"[at % 2], at // 3])
    return path


def test_pictures_classes_splits_and_what_was_set_aside(photos):
    found = hs.check(photos)
    said = found.record
    assert (said["modality"], said["kind"], said["labels"]) == ("image", "classification", ["bug", "cane"])
    assert sum(c["train"] + c["valid"] + c["test"] for c in said["classes"]) == sum(said["n"].values()) == 24
    assert sorted(item["reason"] for item in said["set_aside"]) == ["duplicate", "not_an_image"]
    assert said["shapes"] == {"width": [40] * 3, "height": [40] * 3, "modes": {"RGB": 14}, "formats": {"JPEG": 14}}
    assert {e["label"] for e in said["examples"][:2]} == {"bug", "cane"}
    assert found.task.test.reads == 0
    assert said["suspicious"]  # few examples
    assert not any("alone names the class" in s for s in said["suspicious"])


def test_texts_columns_lengths_groups_and_a_length_that_tells_the_class(rows):
    said = hs.check(rows, group="author").record
    assert said["columns"] == {"text": "sentence", "label": "label", "group": "author", "not read": "nr"}
    assert said["shapes"]["words"][0] == 6
    assert said["together"]["examples"] > 0
    told = "The length alone names the class of 100 % of the training texts: a model may learn that"
    assert any(s.startswith(told) for s in said["suspicious"])


def test_a_file_format_that_tells_the_class_is_suspicious(tmp_path):
    rng = np.random.default_rng(0)
    for label, suffix in (("a", "png"), ("b", "jpg")):
        (tmp_path / label).mkdir()
        for at in range(12):
            picture = Image.fromarray(rng.integers(0, 255, (24, 24, 3), np.uint8))
            picture.save(tmp_path / label / f"{at}.{suffix}")
    said = hs.check(tmp_path).record["suspicious"]
    assert any(s.startswith("The format of the file alone names the class of 100 %") for s in said)


def test_deep_pictures_are_shown_on_the_scale_on_which_they_are_read(tmp_path):
    rng = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / label).mkdir()
        for at in range(6):  # 12 of 16 bits: by the file's own range all but black
            Image.fromarray(rng.integers(0, 4096, (24, 24), np.uint16)).save(tmp_path / label / f"{at}.png")
    found = hs.check(tmp_path)
    assert 3900 < found.record["pixels"]["high"] < 4096
    shown = re.findall('base64,([^"]+)', found.html())
    assert len(shown) == 3
    assert all(100 < np.asarray(Image.open(io.BytesIO(b64decode(one)))).mean() < 160 for one in shown)


def test_an_option_that_is_none_is_refused(photos):
    with pytest.raises(UsageError, match="There is no option 'grup' of reading; allowed: group, "):
        hs.check(photos, grup="author")


def test_the_command_prints_json_and_a_page(photos, rows, tmp_path):
    done = headstart("check", rows, "--group", "author", "--json", "--quiet", "--html", tmp_path / "texts.html")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["columns"]["text"] == "sentence"
    assert "<blockquote>" in (tmp_path / "texts.html").read_text(encoding="utf-8")
    shown = headstart("check", photos, "--html", tmp_path / "pictures.html")
    assert shown.stdout.splitlines()[0] == "photos: 24 pictures of 2 classes, one label each"
    assert "  set aside  1 not pictures. bug/broken.png: " in shown.stdout
    assert "modes RGB; formats JPEG" in shown.stdout
    assert shown.stdout.rstrip().endswith(f"next       headstart fit {photos}")
    assert (tmp_path / "pictures.html").read_text(encoding="utf-8").count("data:image/jpeg;base64") == 3
    assert max(map(len, shown.stdout.splitlines()[:-1])) <= 100


def test_the_next_command_says_again_what_was_said_of_the_data(rows):
    shown = headstart("check", rows, "--group", "author", "--seed", 3, "--quiet").stdout
    assert shown.endswith(f"next       headstart fit {rows} --group author --seed 3\n")
