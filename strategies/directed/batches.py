"""Batches: how many records a message holds, and that it changes nothing else."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection
from strategies.directed.queries import five

batches = Collection("batches")


@batches(
    R("SOW-BATCH-01"), R("SOW-BATCH-02"), R("SOW-BATCH-04"), R("SOW-BATCH-05"), R("SOW-BATCH-06"), R("WIRE-SOW-04"), R("WIRE-KEY-25"),
    R("WIRE-KEY-26"), R("CMD-ACK-12"),
)  # fmt: skip
def of_all_sizes(p: Program) -> None:
    """None given, 1, 2, more than there are: the same records. 10,000 is taken, 10,001 is not."""
    a = p.open()
    five(a)
    a.sow("@orders")
    for batch_size in (1, 2, 3, 10_000):
        a.sow("@orders", batch_size=batch_size, acks="processed,completed")
    a.sow("@orders", batch_size=10_001, acks="processed")
    a.sow("@orders", batch_size=2)


@batches(R("SOW-BATCH-07"), R("SOW-BATCH-10"))
def of_a_subscription(p: Program) -> None:
    """The batch size of sow_and_subscribe is that of its result; a later message does not wait for others."""
    reader, a = p.open("reader"), p.open("a")
    five(a)
    reader.sow_and_subscribe("@orders", batch_size=3)
    reader.delivered(a.publish("@orders", {"id": 6, "qty": 7}))
