"""The torchvision cure: nms is right, torchvision works, a healthy installation is left alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from headstart.source import _cure


def _slow_nms(boxes, scores, threshold):
    """Greedy suppression pair by pair, in plain Python."""

    def iou(a, b):
        wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
        tall = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
        both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
        return wide * tall / (both - wide * tall)

    keep = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(iou(boxes[i], boxes[j]) <= threshold for j in keep):
            keep.append(i)
    return keep


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_nms_agrees_with_the_slow_closed_form(seed, threshold):
    import torch

    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 20, (40, 2))
    boxes = np.hstack([low, low + rng.uniform(1, 15, (40, 2))])
    scores = rng.permutation(40) / 40
    scores[:4] = scores[5]  # ties keep their order
    given = torch.from_numpy(boxes), torch.from_numpy(scores)
    expected = _slow_nms(boxes.tolist(), scores.tolist(), threshold)
    assert _cure.nms(*given, threshold).tolist() == expected
    _cure.cure()
    import torchvision.ops

    assert sorted(torchvision.ops.nms(*given, threshold).tolist()) == sorted(expected)


def test_nms_of_no_boxes_is_empty():
    import torch

    kept = _cure.nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert kept.shape == (0,)
    assert kept.dtype == torch.int64


def test_transforms_and_models_can_be_imported_and_a_detector_runs():
    import torch

    assert _cure.cure() == _cure.cure()  # any number of times
    import torchvision.transforms.v2 as transforms
    from torchvision.models import detection

    assert transforms.Resize(8, antialias=True)(torch.zeros(3, 16, 16, dtype=torch.uint8)).shape == (3, 8, 8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = detection.fasterrcnn_mobilenet_v3_large_320_fpn(
            weights=None, weights_backbone=None, num_classes=3, min_size=64, max_size=64
        ).eval()
        with torch.inference_mode():
            found = net([torch.rand(3, 64, 64)])[0]
    assert found["boxes"].shape == (len(found["scores"]), 4)


def test_a_healthy_installation_is_left_alone():
    """As where the compiled extension has registered its operators: nothing is defined a second time."""
    code = (
        "import torch; own = torch.library.Library('torchvision', 'FRAGMENT');"
        "hasattr(torch.ops.torchvision, 'nms') or own.define('nms(Tensor dets, Tensor scores, float t) -> Tensor');"
        "from headstart.source import _cure as t; print(t.cure(), t._kept)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"


def test_roi_align_of_a_plane_is_the_value_at_the_middle_of_each_bin():
    """Bilinear sampling is exact on a linear picture: v = x + 10 y."""
    import torch

    _cure.cure()
    from torchvision.ops import roi_align

    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    found = roi_align(
        (x + 10 * y)[None, None], [torch.tensor([[2.0, 4.0, 6.0, 8.0]])], 2, sampling_ratio=2, aligned=True
    )
    middles = torch.tensor([[2.5, 4.5], [2.5, 4.5]]) + 10 * torch.tensor([[4.5, 4.5], [6.5, 6.5]])
    torch.testing.assert_close(found[0, 0], middles)


OWN_SCRIPT = """
import sys
import headstart
assert not {"torch", "torchvision", "timm"} & sys.modules.keys()
import importlib.util
assert importlib.util.find_spec("torchvision").origin  # as transformers asks whether it is there
assert "torchvision" not in sys.modules
import timm, torchvision, torch
from transformers import AutoImageProcessor
from torchvision.ops import nms
print(nms(torch.tensor([[0., 0, 4, 4], [0, 0, 4, 4]]), torch.tensor([.5, .9]), .5).tolist())
print(AutoImageProcessor.__name__, torchvision.__spec__.loader.is_package("torchvision"))
print(headstart.torchvision_cure() == headstart.torchvision_cure())
"""


def test_import_headstart_lets_a_persons_own_script_use_torchvision_timm_and_transformers(tmp_path):
    done = subprocess.run([sys.executable, "-c", OWN_SCRIPT], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "[1]"
    assert done.stdout.splitlines()[-1] == "True"


def test_the_watch_stands_once_and_finds_nothing_else():
    _cure.watch_for_it()
    (finder,) = [f for f in sys.meta_path if isinstance(f, _cure._Finder)]
    assert finder.find_spec("numpy") is None
