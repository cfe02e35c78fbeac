"""A sketch of a network's features: eight numbers that change when anything in the network or its input does.

The features of every depth, each scaled to length 1, side by side, are projected onto eight fixed waves. A sketch of a
photograph that everyone has, made once by another implementation, tells whether a source is what its record says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

WAVES = 8
NEAR = 0.01  # rounding, and that of resizing, moves a sketch by 0.002; what is wrong by 0.03 and more


def sketch(depths: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """The features of one picture at each depth, [d] each → [8].

    >>> sketch([[3.0, 4.0]]).round(2).tolist()[:2]
    [0.56, -0.2]
    """
    parts = [np.asarray(depth, np.float64).ravel() for depth in depths]
    whole = np.concatenate([part / max(float(np.linalg.norm(part)), 1e-30) for part in parts])
    places = np.arange(len(whole))
    return np.asarray(np.cos(np.outer(np.arange(1, WAVES + 1), places) * 1.618) @ whole)


def apart(one: ArrayLike, other: ArrayLike) -> float:
    """How far one sketch lies from the other, in units of the other's length.

    >>> apart([3.0, 0.0], [4.0, 0.0])
    0.25
    """
    told = np.asarray(other, np.float64)
    return float(np.linalg.norm(np.asarray(one, np.float64) - told) / max(float(np.linalg.norm(told)), 1e-30))


# Key → photograph of `image.py` → its sketch by another implementation of the package's own file, prepared by Pillow:
# torchvision's nets, OpenVINO on the ONNX graph, face-api's and Keras' layers written out (tests/source/outside.py).
# A classifier's probabilities, where there is one, stand for one depth more.
TOLD: dict[str, dict[str, tuple[float, ...]]] = {
    "mobilenet-v2-reid": {
        "chelsea": (2.1777, -2.5598, -0.7383, 0.7019, 0.6066, 2.1072, 2.0670, 3.5993),
        "coffee": (0.3715, 1.5021, -1.4378, -3.4066, 2.9498, 2.1724, 2.0205, 2.5289),
        "rocket": (2.7628, -1.6666, -0.4192, -1.8445, 2.0084, 0.4658, 2.4951, 1.1168),
        "motorcycle": (0.9597, 3.0351, 1.6128, -2.0333, -0.7106, 3.2067, -1.4651, 2.4678),
        "camera": (4.1842, 0.3894, 2.2535, 0.9032, 2.4645, 2.3886, 1.6321, 0.8419),
        "china": (1.2849, 2.2601, 0.7032, -2.1678, 3.7918, 0.1119, 0.7577, 0.4975),
    },
    "vit-s14-saliency": {
        "chelsea": (-1.1009, -1.3508, 1.1817, 0.7259, -0.3211, -1.2984, -0.8643, -4.8202),
        "coffee": (2.1165, 2.6262, -0.8009, 1.0474, -0.9152, -0.9365, -0.8044, 2.3332),
        "rocket": (-2.1848, -0.8295, 0.0593, -1.2182, -1.2724, 0.8907, -1.0737, -2.4986),
        "motorcycle": (-0.6745, 2.8982, -0.8564, 0.5318, -0.1291, -0.4846, -0.7434, 1.0735),
        "camera": (-0.7179, 2.2421, -1.1356, 0.9611, 0.2885, -0.5149, 0.4958, -2.8157),
        "china": (-1.4107, 3.0043, 0.6975, 0.8554, -0.1811, -1.2559, -2.2347, -0.0520),
    },
    "vgg16-text": {
        "chelsea": (1.2637, 3.0096, 0.4453, 0.2174, -0.5449, 0.0842, 1.6127, -1.6398),
        "coffee": (1.6456, 1.3760, 1.0763, 0.2584, -0.3101, 0.7497, 0.7971, -2.7100),
        "rocket": (1.2471, 2.5125, 0.8401, -0.7914, -0.7990, -2.1800, 2.2598, -2.2016),
        "motorcycle": (0.9812, 1.8706, 0.7487, -0.3972, 0.2469, -0.8207, 1.6783, -2.3901),
        "camera": (0.7500, 1.6822, 0.7223, -1.0347, -0.4629, -0.9858, 1.4877, -1.8155),
        "china": (0.5219, 3.0691, 0.5734, -1.1924, 0.8772, -1.5345, 1.9719, -1.1420),
    },
    "vgg16-edges": {
        "chelsea": (-3.6796, -0.7236, 0.5029, -0.1691, 1.3639, -0.6369, 1.5106, 1.5299),
        "coffee": (-3.1485, -0.7981, -0.6443, 0.7701, 0.1743, -1.1822, 1.1447, 1.6922),
        "rocket": (-2.6222, -0.4500, -0.9185, 1.2284, -0.6179, -0.6629, 1.1279, 2.1731),
        "motorcycle": (-3.2024, 0.1880, 0.1561, -0.2671, 0.7165, -1.3258, 0.7897, 2.3586),
        "camera": (-2.5729, -0.5279, -1.0569, 1.2243, -0.1614, -1.2399, 1.3339, 1.9354),
        "china": (-1.7119, -0.9193, -0.3721, 0.3309, -0.1172, -0.3673, 1.6722, 2.1478),
    },
    "faces": {
        "chelsea": (1.6806, 0.0677, 0.1731, -0.4203, 0.1058, -0.4000, 0.6087, 0.5711),
        "coffee": (1.2499, -1.0135, 0.5098, -0.8461, -0.3686, -0.5421, 1.0067, -0.1335),
        "rocket": (1.3716, -1.1259, -0.6385, -1.2036, -0.8120, -0.4224, 1.0387, 0.8192),
        "motorcycle": (0.9360, -0.1009, 0.1292, -1.0358, 0.0704, -0.8500, 1.1792, -0.4175),
        "camera": (1.2053, -0.8431, 0.2040, -0.7628, -0.6744, -0.3613, 0.7970, -0.1770),
        "china": (0.8206, -0.3505, 0.1507, -0.7026, -0.2671, -0.9123, 0.8717, -0.5062),
    },
    "efficientnet-b0-drawn": {
        "chelsea": (-2.4005, 2.0887, -0.3997, 0.2866, -0.1998, -4.9214, -2.6558, -1.8094),
        "coffee": (-1.0397, 1.3820, 1.4931, -0.2794, -2.7029, -1.1675, -3.6697, 2.5167),
        "rocket": (0.5089, 0.0451, -0.8973, 0.5178, 2.4624, -0.9453, -2.6131, 1.1422),
        "motorcycle": (0.9477, -2.5898, 3.2855, -0.6508, -0.8235, 1.1743, -1.4883, 1.3755),
        "camera": (-0.0792, 0.1928, 0.4689, -0.5154, 2.9405, -2.2606, -1.9236, -0.2961),
        "china": (0.2063, -2.6460, -1.0931, -0.6957, 2.1432, -1.4966, -3.1013, 1.8211),
    },
    "xception-imagenet": {
        "chelsea": (-1.4398, -3.8398, 0.7219, 2.5656, 1.3919, -0.3211, 0.0575, 0.2413),
        "coffee": (-1.5570, -4.3591, 0.8867, 1.4609, 0.7491, -0.2044, -2.2679, -0.8849),
        "rocket": (-1.3975, -1.5623, -0.3352, -0.7036, -0.6114, -0.8811, -0.5854, -0.8643),
        "motorcycle": (0.1583, -6.0849, 0.0713, 1.1826, 2.1810, 0.6757, -2.0838, -1.8778),
        "camera": (-0.3810, -2.9194, 1.3154, -1.5621, 0.7377, -1.0866, -1.8238, -0.0523),
        "china": (-1.5090, -3.4141, 1.4961, 0.2817, 1.8803, 0.3446, -1.3031, -1.2628),
    },
}
