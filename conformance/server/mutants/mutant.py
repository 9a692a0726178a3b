"""What a mutant is: one named single fault, and the rules that it breaks."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.server.behaviour import Behaviour
from reference_model.rule import R


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A fault of the server. `breaks`: the rules that a run against it has to find broken, the most telling one first; `fault`: the
    behaviour with its fault; `text`: what the server does wrong; `lossy`: it shows only where connections are lost or slow."""

    name: str
    breaks: tuple[R, ...]
    text: str
    fault: type[Behaviour]
    lossy: bool = False
