"""The tail against timm's own whole network: the same numbers from every cut, and back from what is saved."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tiny_tail
from headstart.errors import UsageError
from headstart.source.vision.backbone import load, normalise
from headstart.transfer.modality import open_tail
from headstart.transfer.training import map_tail
from headstart.transfer.training import tail as _tail
from headstart.types import View

# A plain top, none, one behind the pooling, and tokens.
NETS = ["test_efficientnet", "test_resnet", "mobilenetv3_small_050", "test_vit"]
K = 4


def pictures() -> torch.Tensor:
    return torch.from_numpy(tiny_tail.pictures(5, K, 7).x)


def opened(depth: str, architecture: str = NETS[0]) -> _tail.Tail:
    torch.manual_seed(1)
    source, weights = tiny_tail.source(architecture), tiny_tail.weights(architecture)
    return open_tail(source, weights, View("tiny", depth), K).eval()


def theirs(architecture: str = NETS[0]) -> np.ndarray:
    """What timm's classifier reads, [5 d]."""
    net, x = tiny_tail.net(architecture), normalise(pictures(), tiny_tail.source().input)
    with torch.no_grad():
        return net.forward_head(net.forward_features(x), pre_logits=True).numpy()


def root(x: np.ndarray) -> np.ndarray:
    return np.sign(x) * (np.sqrt(np.abs(x) + 1e-3) - np.sqrt(1e-3))


@pytest.mark.parametrize("architecture", NETS)
def test_from_every_cut_and_from_the_picture_it_says_what_the_whole_network_would(architecture):
    source = tiny_tail.source(architecture)
    body = load(source, tiny_tail.weights(architecture))
    cuts = [f"cut:{parts}" for parts in range(1, len(body.parts) + 1)]
    with torch.no_grad():
        *maps, _ = body(normalise(pictures(), source.input), cuts)
    features = theirs(architecture)
    for depth, x in [*zip(cuts, maps, strict=True), ("input", pictures())]:
        tail = opened(depth, architecture)
        assert list(tail.parts) == [name for name, _ in body.parts][-map_tail.count(depth, len(body.parts)) :]
        np.testing.assert_allclose(_tail.look(tail, x.numpy(), features=True), features, rtol=1e-4, atol=1e-4)
        weight, bias = (p.detach().numpy() for p in tail.classifier.parameters())
        np.testing.assert_allclose(_tail.look(tail, x.numpy()), root(features) @ weight.T + bias, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("architecture", NETS)
def test_the_sources_own_scores_are_timms(architecture):
    found = _tail.source_scores(opened("cut:2", architecture), theirs(architecture))
    with torch.no_grad():
        wanted = tiny_tail.net(architecture)(normalise(pictures(), tiny_tail.source().input)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("architecture", NETS)
@pytest.mark.parametrize("depth", ["cut:3", "input"])
def test_its_state_holds_all_that_is_behind_the_cut_once_and_nothing_before(architecture, depth):
    tail, net = opened(depth, architecture), tiny_tail.net(architecture)
    held = [id(p) for _, stage in tail.stages() for p in stage.parameters()]
    assert held == [id(p) for p in tail.parameters()]
    assert len(held) == len(set(held))
    ours = sorted(tuple(p.flatten()[:9].tolist()) for name, p in tail.named_parameters() if "classifier" not in name)
    head = {id(p) for p in net.get_classifier().parameters()}
    body = [p for p in net.parameters() if id(p) not in head]
    tops = sorted(tuple(p.flatten()[:9].tolist()) for p in body[len(body) - len(ours) :])
    assert ours == tops, "the last of timm's own parameters, in its own order"
    assert depth == "cut:3" or len(ours) == len(body)


def test_what_stands_behind_the_pooling_is_a_stage_of_its_own():
    names = [name for name, _ in opened("cut:3", NETS[2]).stages()]
    assert names == ["stage5", "stage6", "late", "head"]
    assert [name for name, _ in opened("cut:3", NETS[0]).stages()] == ["stage4", "stage5", "top", "head"]
    assert [name for name, _ in opened("cut:3", NETS[1]).stages()] == ["stage3", "stage4", "head"]


@pytest.mark.parametrize("architecture", NETS)
@pytest.mark.parametrize("depth", ["cut:1", "cut:3", "input"])
def test_restored_it_says_the_same(architecture, depth):
    tail = opened(depth, architecture)
    with torch.no_grad():
        for tensor in (*tail.parameters(), *tail.buffers()):  # as if all had learned
            if tensor.is_floating_point():
                tensor.mul_(1.01)
    state = {name: t.numpy().copy() for name, t in tail.state_dict().items() if "num_batches" not in name}
    x = tiny_tail.look(depth, 5, K, 7, architecture=architecture).x
    torch.manual_seed(99)
    back = opened(depth, architecture)
    _tail.put(back, state)
    assert not any(module.training for module in back.modules())
    np.testing.assert_array_equal(_tail.look(back, x), _tail.look(tail, x))


@pytest.mark.parametrize(("depth", "total", "wanted"), [("cut:1", 9, 1), ("cut:9", 9, 9), ("input", 7, 7)])
def test_count(depth, total, wanted):
    assert map_tail.count(depth, total) == wanted


@pytest.mark.parametrize("depth", ["cut:0", "cut:10", "cut:", "cut:-1", "cut:x", "top", "stage2", "cut", ""])
def test_no_cut_of_this_network(depth):
    with pytest.raises(UsageError, match=rf"'{depth}' is no cut of this network; give cut:1 to cut:9 .* or input"):
        map_tail.count(depth, 9)


def test_the_soft_root_is_a_root_far_from_zero_and_has_a_finite_slope_at_it():
    x = torch.tensor([-1e6, -4.0, -1e-9, 0.0, 1e-9, 4.0, 1e6], dtype=torch.float64, requires_grad=True)
    y = _tail.soft_root(x)
    np.testing.assert_allclose(y.detach().numpy(), root(x.detach().numpy()), rtol=1e-4, atol=1e-12)
    assert torch.equal(y, -y.flip(0)), "odd"
    assert y[6].item() == pytest.approx(1000, rel=1e-4)
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad[4].item() == pytest.approx(0.5 / np.sqrt(1e-3), rel=1e-3)


def test_maps_moved_on_once_are_the_maps_at_the_later_cut():
    n = _tail.ROWS // 2 + 3  # two copies of each: more rows than are moved on at once
    maps = tiny_tail.look("cut:3", n, K, 3, 2).x
    tail, later = opened("cut:3"), opened("cut:1")
    later.classifier.load_state_dict(tail.classifier.state_dict())
    whole = _tail.look(tail, maps[:, 0])
    moved = tail.advance(2, maps)
    assert moved.dtype == np.float16
    assert moved.shape[:2] == (n, 2)
    np.testing.assert_allclose(moved, tiny_tail.look("cut:1", n, K, 3, 2).x, atol=2e-2)
    np.testing.assert_allclose(_tail.look(later, moved[:, 0]), whole, atol=2e-2)
    tail.begin_behind(2)
    np.testing.assert_allclose(_tail.look(tail, moved[:, 0]), whole, atol=2e-2)


def test_rows_come_back_in_order_whatever_the_batch():
    tail, x = opened("cut:2"), tiny_tail.look("cut:2", _tail.ROWS + 6, K, 5).x
    alone = np.concatenate([_tail.look(tail, x[at : at + 1]) for at in range(len(x))])
    np.testing.assert_allclose(_tail.look(tail, x), alone, atol=1e-4)


def test_of_copies_the_picture_itself_counts():
    x = np.arange(2 * 3 * 4).reshape(2, 3, 4, 1, 1)
    np.testing.assert_array_equal(_tail.plain(x), x[:, 0])
    assert _tail.plain(x[:, 0]).shape == (2, 4, 1, 1)
    tail = opened("cut:1")
    halves = tail.as_batch(np.zeros((2, 3, 4, 4), np.float16))
    assert halves.dtype == torch.float32
    assert halves.is_contiguous(memory_format=torch.channels_last)
    assert tail.as_batch(np.zeros((2, 3, 4, 4), np.uint8)).dtype == torch.uint8
