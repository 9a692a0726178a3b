"""Runs: what to examine on a target, in which order, and what is written down of it. Command line and pytest plugin stand on this.

    settings     what the user asked for
    scope        which rules a run must have exercised
    programs     where scenarios come from; selection: which of them run
    bench        one slot of a target; examines a scenario
    opening      server, slot, bench, header of a run
    examples, explaining   failures, from a finding to what a reader sees
    conduct      `run` and `replay` in this process
    events       what a run tells a display

A package with submodules only: import what you need.
"""
