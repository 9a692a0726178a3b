"""Limits: top_n and skip_n, by header and by option, with and without an order."""

from __future__ import annotations

from typing import Final

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection
from strategies.directed.queries import five

paging = Collection("paging")

STATS: Final = "processed,completed,stats"


@paging(R("SOW-TOPN-01"), R("SOW-TOPN-02"), R("SOW-TOPN-03"), R("SOW-TOPN-04"), R("CMD-STAT-04"), R("CMD-STAT-06"))
def by_header_and_option(p: Program) -> None:
    """Fewer than match, just as many, more; the option does what the header does; with an order it is the first ones."""
    a = p.open()
    five(a)
    a.sow("@orders")
    for top_n in (2, 5, 9):
        a.sow("@orders", top_n=top_n, acks=STATS)
        a.sow("@orders", opts=f"top_n={top_n}", acks=STATS)
    a.sow("@orders", top_n=3, orderby="/qty")
    a.sow("@orders", opts="top_n=3", orderby="/qty")


@paging(R("SOW-TOPN-06"))
def nothing_but_statistics(p: Program) -> None:
    """top_n=0: the counts of a query without its records."""
    a = p.open()
    five(a)
    a.sow("@orders")
    a.sow("@orders", opts="top_n=0", acks=STATS)


@paging(R("SOW-TOPN-07"), R("SOW-TOPN-10"), R("SOW-TOPN-11"), R("CMD-STAT-07"))
def pages(p: Program) -> None:
    """Pages of two from five records: together they are the whole; past the end there is nothing."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/qty")
    for skip_n in (0, 2, 4, 5, 100):
        a.sow("@orders", orderby="/qty", opts=f"top_n=2,skip_n={skip_n}", acks=STATS)


@paging(R("SOW-TOPN-14"))
def pages_of_a_filter(p: Program) -> None:
    """What the filter leaves out is not counted."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/id", filter="/even = 0")
    a.sow("@orders", orderby="/id", filter="/even = 0", opts="top_n=2,skip_n=1")


@paging(R("SOW-TOPN-08"))
def skip_alone(p: Program) -> None:
    """skip_n without top_n: expected to be refused."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/id", opts="top_n=2,skip_n=2", acks="processed,completed")
    a.sow("@orders", orderby="/id", opts="skip_n=2", acks="processed")


@paging(R("SOW-TOPN-09"))
def skip_without_order(p: Program) -> None:
    """skip_n without an order: refused, or a slice of some order."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/id", opts="top_n=2,skip_n=1", acks="processed,completed")
    a.sow("@orders", opts="top_n=2,skip_n=1", acks="processed")


@paging(R("SOW-TOPN-12"))
def not_a_multiple_of_the_batch(p: Program) -> None:
    """top_n=3 in batches of two: three records, or four where it is rounded up."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/qty", top_n=4, batch_size=2)
    a.sow("@orders", orderby="/qty", top_n=3, batch_size=2, acks=STATS)
