"""Typed filters: expressions drawn together with the document that they are about, so that about half of them match.

`conditions` aims each comparison at the value that its operand has in the document; `values` draws operands of a wanted type;
`writing` puts a tree down the way people do, with no more parentheses than the grammar needs. Only forms that every server must take.
"""

from strategies.typed.conditions import condition, pair, pairs
from strategies.typed.documents import document, neighbour
from strategies.typed.values import About, Kind, Paths
from strategies.typed.writing import written

__all__ = ["About", "Kind", "Paths", "condition", "document", "neighbour", "pair", "pairs", "written"]
