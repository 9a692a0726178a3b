"""Rule ids as they are written in code.

A rule id always stands as `R("SOW-TOPN-02")`: a scan of the sources finds every such call and says where a rule is predicted,
judged, broken and exercised. What a rule says is in `conformance/rules/catalogue`; nothing here reads it.
"""

from __future__ import annotations


class R(str):
    """The id of one rule of the catalogue, e.g. `R("CMD-ACK-08")`."""

    __slots__ = ()


Because = tuple[R, ...]
"""The rules that demand one thing, from the most specific to the most general.

A breach is a finding about the first; it is masked if one of the others was broken by itself in the same scenario.
"""
