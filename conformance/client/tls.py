"""TLS to a target: the context of a `tcps://` address, the handshake within a deadline, and a socket that is used like a plain one.

What is wrong with certificates is the environment's failure, told in one line; no bytes of a key or password are ever in it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from functools import cache
from typing import Final

from conformance.errors import MisconfiguredError, NotAmpsError, UnreachableError, UsageError
from conformance.targets.spec import TargetSpec, Tls

RECORD_BYTES: Final = 16 * 1024
"""What one record of TLS holds at most, and so what one read gives."""


class TlsSocket:
    """The part of a socket's interface that a `Connection` uses. `pending`: decrypted bytes wait that the system does not know of."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock

    @property
    def pending(self) -> bool:
        return self._sock.fileno() >= 0 and self._sock.pending() > 0

    def recv(self, size: int) -> bytes:
        """Up to `size` bytes of as many records as have come; empty at the end. Raises BlockingIOError: nothing now; OSError."""
        pieces: list[bytes] = []
        while size >= RECORD_BYTES or not pieces:
            try:
                piece = self._sock.recv(size)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except OSError:
                if pieces:
                    break  # what came before it is read first; the next read meets it again
                raise
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            size -= len(piece)
        if not pieces:
            raise BlockingIOError
        return b"".join(pieces)

    def send(self, data: memoryview) -> int:
        """How many bytes were taken. Raises BlockingIOError: none now; OSError."""
        try:
            return self._sock.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def setsockopt(self, level: int, name: int, value: int | bytes) -> None:
        self._sock.setsockopt(level, name, value)

    def fileno(self) -> int:
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        self._sock.close()


@cache
def context_of(tls: Tls) -> ssl.SSLContext:
    """The context: certificates are always verified, by the CA of the file or those of the system. UsageError: a file is of no use."""
    try:
        context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
    except OSError as error:  # ssl.SSLError is one, too
        raise UsageError(f"the CA file {tls.ca_file} cannot be used ({_why(error)})") from None
    if tls.cert_file is not None:
        try:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_password)
        except (OSError, ValueError) as error:
            raise UsageError(f"the client certificate {tls.cert_file} cannot be used ({_why(error)})") from None
    return context


def _no_password() -> str:
    raise ValueError("its key is encrypted; decrypt it for the run")


def secured(sock: socket.socket, spec: TargetSpec, *, timeout_s: float) -> TlsSocket:
    """The socket after the handshake. Raises UnreachableError (too slow), NotAmpsError (no TLS), MisconfiguredError (certificates)."""
    assert spec.tls is not None
    until = time.monotonic() + timeout_s
    context = context_of(spec.tls)
    name = spec.tls.host_name or spec.host
    sock.setblocking(False)
    try:
        return TlsSocket(_shaken(context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False), until))
    except TimeoutError:
        raise UnreachableError(f"{spec.address} does not end the TLS handshake within {timeout_s:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise MisconfiguredError(f"the certificate of {spec.address} is not accepted for {name}: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise _refused(spec, error) from None
    except OSError as error:
        raise UnreachableError(f"{spec.address} ended the TLS handshake ({_why(error)})") from None


def _shaken(sock: ssl.SSLSocket, until: float) -> ssl.SSLSocket:
    """The socket after its handshake; closed if that fails. Raises TimeoutError, OSError."""
    with contextlib.ExitStack() as stack:
        stack.callback(sock.close)
        while True:
            reading, writing = [sock], [sock]
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                writing = []
            except ssl.SSLWantWriteError:
                reading = []
            else:
                stack.pop_all()
                return sock
            if not any(select.select(reading, writing, [], max(0.0, until - time.monotonic()))):
                raise TimeoutError


def _refused(spec: TargetSpec, error: ssl.SSLError) -> MisconfiguredError | NotAmpsError:
    """Alerts are about certificates; anything else is no TLS."""
    if "ALERT" in (error.reason or ""):
        return MisconfiguredError(f"{spec.address} refuses our TLS: {_why(error)}; does it want a client certificate?")
    return NotAmpsError(f"{spec.address} answers, but not in TLS ({_why(error)})")


def _why(error: Exception) -> str:
    """One lower-case phrase without the place in OpenSSL's sources."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(reason).replace("_", " ").lower()
