"""A verdict as tests of its words need one: reuse helps clearly, on 153 pictures."""

from headstart.types import Rival, Verdict

TITLES = {"probe": "linear probe", "scratch": "a network from scratch", "classical": "HOG + linear"}
CLASSICAL = Rival("classical", 0.952, (0.93, 0.97))
CLEAR = Verdict(
    decision="helps",
    metric="accuracy",
    difference=0.2357,
    interval=(0.163, 0.307),
    level=0.95,
    margin=0.01,
    transfer=Rival("probe", 0.948, (0.9, 0.97), "efficientnet-lite0"),
    rival=Rival("scratch", 0.712, (0.63, 0.78)),
    n_test=153,
    test_reads=1,
    reason="",
)
