"""What the runner needs of a target, whatever stands behind it: an address, the configuration it was declared to have, names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from conformance.naming import Naming
from conformance.targets.spec import TargetSpec
from reference_model.config import InstanceConfig


class Target(Protocol):
    """A server in whose slot scenarios run. `config` is logical: one slot, names with `@`."""

    @property
    def spec(self) -> TargetSpec: ...

    @property
    def config(self) -> InstanceConfig: ...

    def naming(self) -> Naming:
        """Real names for one execution; its client names have never been used before."""

    def touch(self, topics: Iterable[str]) -> None:
        """Take note that these (logical) SOW topics will hold records: they are emptied by the next reset."""
