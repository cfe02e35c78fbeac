"""A frozen stage is frozen wholly and comes back wholly; rates by depth follow the closed form."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import pytest
import torch
from torch import nn

from headstart.source.vision import timm
from headstart.transfer.training import freeze


def network() -> nn.Module:
    """Three stages: two with batch-norm and dropout, and a head."""
    torch.manual_seed(0)

    def stage(inner: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inner, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))

    return nn.Sequential(stage(5), stage(8), nn.Linear(8, 3))


def steps(model: nn.Module, n: int = 3) -> None:
    """Train as an unknowing loop would: everything into the optimizer, `.train()` before each step."""
    optimizer = torch.optim.AdamW(model.parameters(), 0.1, weight_decay=0.5)
    for _ in range(n):
        model.train()
        optimizer.zero_grad()
        model(torch.randn(16, 5) + 3).square().sum().backward()
        optimizer.step()


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def moved(module: nn.Module, before: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in module.state_dict().items() if not torch.equal(value, before[name])}


def test_only_what_is_open_moves():
    model = network()
    freeze.freeze(model[0])
    before = snapshot(model)
    steps(model)
    assert moved(model, before) == {name for name in before if not name.startswith("0.")}
    assert any("running_mean" in name for name in before if name.startswith("0."))


def test_a_frozen_stage_drops_nothing_out_in_training():
    model = network()
    x = torch.randn(16, 5)
    still = model[0].eval()(x)
    freeze.freeze(model[0])
    model.train()
    assert torch.equal(model[0](x), still)
    assert torch.equal(model[0].train()(x), still), "asked directly, it returns itself and stays as it is"
    assert not any(part.training for part in model[0].modules())
    assert model[1].training
    assert not torch.equal(model[1](still), model[1](still)), "the open stage does drop out"


def test_unfreezing_restores():
    model, never = network(), network()
    names = {name: set(part.__dict__) for name, part in model.named_modules()}
    freeze.freeze(model[0])
    assert freeze.frozen(model[0])
    assert not freeze.frozen(model)
    freeze.unfreeze(model[0])
    assert not freeze.frozen(model[0])
    assert {name: set(part.__dict__) for name, part in model.named_modules()} == names
    for net in (model, never):
        torch.manual_seed(1)
        steps(net)
    assert moved(model, snapshot(never)) == set()
    assert moved(model, snapshot(network())) == set(snapshot(model)), "all of it learns again"


@pytest.mark.parametrize("asked", [True, False])
def test_let_go_it_takes_the_mode_asked_for_meanwhile(asked):
    model = network().train(not asked)
    freeze.freeze(model[1])
    model.train(asked)
    freeze.unfreeze(model[1])
    assert all(part.training == asked for part in model.modules())


def test_a_leftover_gradient_is_not_stepped_along():
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    model(torch.randn(16, 5)).sum().backward()
    freeze.freeze(model[0])
    before = snapshot(model[0])
    optimizer.step()
    assert moved(model[0], before) == set()


def test_without_gradients_alone_a_stage_is_not_frozen():
    model = network()
    for parameter in model[0].parameters():
        parameter.requires_grad_(False)
    assert not freeze.frozen(model[0]), "batch-norm and dropout are still live"
    freeze.freeze(model[0])
    model[0][0].weight.requires_grad_(True)
    assert not freeze.frozen(model[0])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_a_copy_is_frozen_on_its_own(copied):
    model = network()
    freeze.freeze(model[0])
    twin = copied(model)
    assert freeze.frozen(twin[0])
    freeze.unfreeze(twin[0])
    assert not freeze.frozen(twin[0])
    assert freeze.frozen(model[0])
    model.train()
    twin.train()
    assert twin[0].training
    assert twin[0].train() is twin[0]
    assert not model[0].training
    assert model[0].train() is model[0]
    again = copied(model)
    del model
    gc.collect()
    assert not again.train()[0].training, "the copy needs the original no more"
    assert again[0].train() is again[0]


def test_the_state_is_as_if_never_frozen():
    model, plain = network(), network()
    freeze.freeze(model[0])
    freeze.hold_statistics(model[1])
    assert list(model.state_dict()) == list(plain.state_dict())
    model.load_state_dict(plain.state_dict())
    plain.load_state_dict(model.state_dict())


def test_a_frozen_network_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        model = network()
        freeze.freeze(model)
        gone = weakref.ref(model[0][1])
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_held_statistics_stay_while_their_weights_learn():
    model = network()
    freeze.hold_statistics(model)
    before = snapshot(model)
    steps(model)
    still = {name for name in before if "running" in name or "num_batches" in name}
    assert moved(model, before) == set(before) - still
    assert model[0][3].training, "dropout is not held"


def test_held_statistics_outlive_a_freeze():
    model = network()
    freeze.hold_statistics(model)
    freeze.freeze(model[0])
    freeze.unfreeze(model[0])
    model.train()
    assert not model[0][1].training
    assert model[0][3].training
    other = network()
    freeze.freeze(other[0])
    freeze.hold_statistics(other)
    freeze.unfreeze(other[0])
    other.train()
    assert not other[0][1].training
    assert other[0][0].training


def test_norms_of_every_make_are_held():
    timm.library()
    from timm.layers import BatchNormAct2d

    parts = nn.ModuleList([nn.BatchNorm2d(4), BatchNormAct2d(4), nn.SyncBatchNorm(4)])
    parts.append(nn.InstanceNorm2d(4, track_running_stats=True))
    free = nn.ModuleList([nn.InstanceNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False), nn.LayerNorm(4)])
    whole = nn.ModuleList([parts, free])
    freeze.hold_statistics(whole)
    whole.train()
    assert [part.training for part in parts] == [False] * 4
    assert [part.training for part in free] == [True] * 3
    before = parts[1].running_mean.clone()
    parts[1](torch.randn(2, 4, 3, 3) + 5)
    assert torch.equal(parts[1].running_mean, before)


def test_groups_by_the_closed_form():
    model = network()
    made = freeze.groups([("a", model[0]), ("b", model[1]), ("c", model[2])], 0.1, 2.6, 0.05)
    found = {g["name"]: (g["lr"], g["weight_decay"], [tuple(p.shape) for p in g["params"]]) for g in made}
    flat = [(8,), (8,), (8,)]  # the bias of the linear layer, the scale and the shift of the norm
    wanted = {
        "a": (0.1 / 2.6**2, 0.05, [(8, 5)]),
        "a, no decay": (0.1 / 2.6**2, 0.0, flat),
        "b": (0.1 / 2.6, 0.05, [(8, 8)]),
        "b, no decay": (0.1 / 2.6, 0.0, flat),
        "c": (0.1, 0.05, [(3, 8)]),
        "c, no decay": (0.1, 0.0, [(3,)]),
    }
    assert list(found) == list(wanted)
    for name, (lr, decay, shapes) in wanted.items():
        assert found[name] == (pytest.approx(lr, rel=1e-12), decay, shapes)
    ids = [id(p) for g in made for p in g["params"]]
    assert sorted(ids) == sorted(id(p) for p in model.parameters())


def test_groups_hold_no_parameter_twice_and_none_is_empty():
    tied = nn.Linear(4, 4)
    stages = [("a", nn.Sequential(tied, nn.ReLU())), ("pool", nn.AvgPool2d(2)), ("b", nn.Sequential(tied, nn.PReLU()))]
    made = freeze.groups(stages, 1.0, 2.0, 0.1)
    assert [(g["name"], g["lr"], len(g["params"])) for g in made] == [
        ("a", 0.25, 1),
        ("a, no decay", 0.25, 1),
        ("b, no decay", 1.0, 1),
    ]
    torch.optim.AdamW(made)  # torch itself refuses doubles and empty lists


def test_groups_take_frozen_stages_along():
    model = network()
    freeze.freeze(model[0])
    made = freeze.groups([("a", model[0]), ("b", model[2])], 1.0, 2.6, 0.1)
    assert {g["name"] for g in made} == {"a", "a, no decay", "b", "b, no decay"}
