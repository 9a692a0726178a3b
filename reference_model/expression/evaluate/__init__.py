"""The model's evaluator: what a filter, an order or a select list makes of a document. Forbidden to the embedded server.

Each answer has a third case for what the documentation leaves open; a caller treats it as 'may be either'.
"""

from reference_model.expression.evaluate.acceptance import Acceptance, accept
from reference_model.expression.evaluate.ordering import compare_for_order, sort_key
from reference_model.expression.evaluate.selection import apply_select, select_doubts
from reference_model.expression.evaluate.truth import matches, truth, value

__all__ = [
    "Acceptance",
    "accept",
    "apply_select",
    "compare_for_order",
    "matches",
    "select_doubts",
    "sort_key",
    "truth",
    "value",
]
