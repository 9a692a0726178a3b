"""The expression language: filters, select lists, order by, topic patterns.

Syntax (`parser`, `order`, `select`, `render`, `signatures`) is shared with whoever evaluates it; `values`, `patterns`, `topics` and
`evaluate` are the model's own meaning.
"""
