"""Sans-IO codec of the `amps` protocol over TCP, both directions: bytes in, messages out (wire.md).

Here are no sockets, no clocks, no meaning of commands. Any bytes yield messages or one WireError.
"""

from conformance.wire.batch import raw_records
from conformance.wire.codec import decode, encode_command, encode_message
from conformance.wire.errors import WireError
from conformance.wire.form import cut
from conformance.wire.framing import FRAME_BYTES_MAX, FrameReader, frame
from conformance.wire.header import raw_fields, split

__all__ = [
    "FRAME_BYTES_MAX",
    "FrameReader",
    "WireError",
    "cut",
    "decode",
    "encode_command",
    "encode_message",
    "frame",
    "raw_fields",
    "raw_records",
    "split",
]
