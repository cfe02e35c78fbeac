"""Which settings of a stranger's config.json may reach timm: plain numbers and words of this list, and no others.

In: a table of settings. Out: the same table, checked. A network is built from nothing else, so a file can name no
class, no function, no address and no size that no network has. Imports no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import SourceError

_MOST = 65536  # of one number; whether the weights are as many as the settings say is looked at besides
_LAYERS = 128  # in a row; each takes a moment to build, even without weights
_WHOLE = {"num_classes", "img_size", "patch_size", "embed_dim", "num_heads", "reg_tokens", "stem_width",
          "head_hidden_size"}  # fmt: skip
_SIDES = {"img_size", "patch_size"}
_TRAINING = {"scriptable", "exportable", "no_jit", "weight_init", "fix_init", "zero_init_last"}
_MANY = {"layers", "channels", "depths", "dims"}
_PARTS = {"mlp_ratio", "init_values", "ls_init_value", "layer_norm_eps", "batch_norm_eps"}
_YES = {"qkv_bias", "class_token", "no_embed_class", "pre_norm", "fc_norm", "qk_norm", "final_norm", "dynamic_img_size",
        "strict_img_size", "use_grn", "pool_include_prefix"}  # fmt: skip
_WORDS = {
    "global_pool": ("", "avg", "max", "avgmax", "token", "map"),
    "act_layer": ("gelu", "gelu_tanh", "quick_gelu", "quickgelu", "relu", "silu", "swish", "hard_swish"),
}
_ALLOWED = sorted({"depth", "in_chans", *_WHOLE, *_MANY, *_PARTS, *_YES, *_WORDS})


def checked(given: object, whose: str) -> dict[str, Any]:
    """The settings as they were given, if every one may be used; those that only matter in training are left out.

    Args:
        given: name → number, list of numbers, true or false, or word.
        whose: where they stand, for the message.

    Raises:
        SourceError: a name or a value that is not allowed.

    >>> checked({"depth": 12, "qkv_bias": True}, "x")
    {'depth': 12, 'qkv_bias': True}
    """
    if not isinstance(given, Mapping):
        raise SourceError(f"{whose} has the settings {given!r}; they must be a table. Correct the file.")
    kept = {str(name): value for name, value in given.items() if name not in _TRAINING and not _rate(str(name))}
    for name, value in kept.items():
        if not _fits(name, value):
            raise SourceError(
                f"{whose} asks for {name} = {str(value)[:80]!r}, which is not taken from a file. Taken are whole "
                f"numbers up to {_MOST:,}, plain numbers and known words of: {', '.join(_ALLOWED)}. Leave it out, or "
                "save the model as an architecture that needs it not."
            )
    return kept


def _rate(name: str) -> bool:
    """Whether it is how often something is dropped in training."""
    return name.endswith("drop_rate") or name == "drop_path_rate"


def _fits(name: str, value: object) -> bool:
    if name == "in_chans":
        return value == 3
    if name == "depth":
        return whole(value, _LAYERS)
    if name in _SIDES and isinstance(value, list | tuple):
        return len(value) == 2 and value[0] == value[1] and whole(value[0])
    if name in _WHOLE:
        return whole(value) or (value == 0 and name in ("num_classes", "reg_tokens"))
    if name in _MANY:
        most = _LAYERS if name in ("layers", "depths") else _MOST
        return isinstance(value, list | tuple) and 0 < len(value) <= 8 and all(whole(v, most) for v in value)
    if name in _PARTS:
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 64)
    if name in _YES:
        return isinstance(value, bool)
    return value in _WORDS.get(name, ())


def whole(value: object, most: int = _MOST) -> bool:
    """Whether the value is a whole number from 1 to `most`.

    >>> whole(3), whole(True), whole(0), whole(10**9)
    (True, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
