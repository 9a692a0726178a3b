"""The embedded server: an AMPS-like server written from the documentation alone, for newcomers, for clients under test and for mutants.

It shares vocabulary and syntax with the model (messages, configuration, expression parser, payload reader, wire) and no meaning: what
commands do is written here a second time, so that a slip on either side shows.
"""

from conformance.server.embedded import EmbeddedServer

__all__ = ["EmbeddedServer"]
