"""The table of probes against the embedded server's own evaluator, row by row, in both readings of a comparison with NULL."""

import pytest

from conformance.server.documents import Document
from conformance.server.filters import BadFilterError, Filter
from conformance.server.scene import Scene
from reference_model.probes import PROBES


def outcomes(probe, *, null_is_false):
    """Of each body whether it is selected; None: the text is refused."""
    try:
        compiled = Filter(probe.filter, null_is_false=null_is_false)
    except BadFilterError:
        return None
    return tuple(compiled.matches(Scene(document=Document(body), topic="t", now=0.0)) for body in probe.bodies)


@pytest.mark.parametrize("null_is_false", [True, False], ids=["false", "null"])
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.rules[0]} {probe.filter}")
def test_the_server_does_what_the_row_says(probe, null_is_false):
    done = outcomes(probe, null_is_false=null_is_false)
    assert (done is None) in ({True, False} if probe.refused is None else {probe.refused})
    for said, did in zip(probe.matches, done or (), strict=done is not None):
        assert said in {None, did}
