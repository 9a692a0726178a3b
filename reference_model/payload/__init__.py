"""Bodies of messages as trees of values: syntax only, one module a message type."""
