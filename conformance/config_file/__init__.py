"""AMPS's own XML configuration: written for N slots of the harness, and read as far as a simple server and the model can honour it.

Source: configuration.md. Here live the file and the slots of its topics; what a topic does is elsewhere.
"""

from conformance.config_file.read import read
from conformance.config_file.render import PORT_DEFAULT, render
from conformance.config_file.slots import expand, logical, slots_of
from conformance.naming import slot_prefix

__all__ = ["PORT_DEFAULT", "expand", "logical", "read", "render", "slot_prefix", "slots_of"]
