"""`tcps://`: a run on a server behind TLS, and each way in which certificates do not fit."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.client.connection import READ_BYTES

FEW = ("--rules", "SOW-TOPN-0*", "--seed", "7", "--timeout-scale", "3")


class Authority:
    """Signs certificates; writes PEM files into a folder."""

    def __init__(self, folder, name="our own authority"):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name.split()[0]}-ca.pem"
        own = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        usage = {name: name in {"key_cert_sign", "crl_sign"} for name in x509.KeyUsage.__init__.__annotations__ if name != "return"}
        own = own.add_extension(x509.KeyUsage(**usage), critical=True)
        self.file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key):
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def sign(self, name, *names, password=None):
        """(certificate, key): the files of a certificate for these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        cert, secret = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        cert.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))
        return cert, secret


class Front:
    """TLS in front of a plain server on loopback. `wants`: the authority of the client certificates that it asks for."""

    def __init__(self, behind, cert, key, *, wants=None):
        self._behind = int(behind.rpartition(":")[2])
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=wants)
        self._context.load_cert_chain(cert, key)
        if wants is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return f"tcps://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self):
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        self._tasks = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, back):
                end.close()
            self._tasks.discard(task)

    @staticmethod
    async def _pump(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def here(authority):
    """A certificate for this machine."""
    return authority.sign("server", x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def test_a_run_over_tls(run, healthy, authority, here, records):
    with Front(healthy, *here) as uri:
        code, out, err = run("run", *FEW, "--target", uri, "--ca-file", authority.file)
        assert (code, err) == (0, []), "\n".join(out)
        assert records()[0]["target"]["uri"] == f"{uri}/amps/json"
        assert run("doctor", "--target", uri, "--ca-file", authority.file)[0] == 0


def test_many_records_over_tls(run, healthy, authority, here, summary):
    """More than a read takes: what the system does not know of any more is read all the same."""
    bodies = [{"id": n, "fill": "x" * 1000} for n in range(3 * READ_BYTES // 1000)]
    steps = [{"open": "a"}, *({"send": "a", "command": {"cmd": "publish", "topic": "@orders"}, "body": body} for body in bodies)]
    ask = {"cmd": "sow", "topic": "@orders", "cmd_id": "q", "orderby": "/id", "ack_type": "processed,completed,stats"}
    steps += [{"fence": "state", "on": "a"}, {"send": "a", "command": ask}]
    import json
    from pathlib import Path

    Path("many.json").write_text(json.dumps({"schema_version": 1, "name": "many", "steps": steps}), "utf-8")
    with Front(healthy, *here) as uri:
        code, out, err = run("replay", "many.json", "--target", uri, "--ca-file", authority.file, "--timeout-scale", "5")
    assert (code, err) == (0, []), "\n".join(out)
    assert summary("amps-report/replay")["rules"]["SOW-QRY-01"]["outcome"] == "passed"


def test_a_client_certificate(run, healthy, authority, here):
    mine, key = authority.sign("me")
    with Front(healthy, *here, wants=authority.file) as uri:
        secured = ("--target", uri, "--ca-file", authority.file)
        code, _, err = run("run", *FEW, *secured)
        assert (code, len(err)) == (4, 1)
        assert run("run", *FEW, *secured, "--cert-file", mine, "--key-file", key)[0] == 0


def test_a_replay_line_names_the_certificates(run, broken, authority, here):
    with Front(broken, *here) as uri:
        code, out, _ = run("run", *FEW, "--target", uri, "--ca-file", authority.file)
        assert code == 1
        line = next(line for line in out if line.strip().startswith("replay  amps-conformance replay "))
        assert line.endswith(f" --target {uri}/amps/json --ca-file {authority.file}")
        assert run(*line.split()[2:])[0] == 1


@pytest.mark.parametrize(
    ("names", "options", "line"),
    [
        (["localhost"], [], "the certificate of 127.0.0.1:{port} is not accepted for 127.0.0.1: IP address mismatch"),
        (["other.test"], ["--tls-name", "amps.test"], "is not accepted for amps.test: Hostname mismatch"),
        (["amps.test"], ["--tls-name", "amps.test"], None),
    ],
    ids=["address", "name", "named"],
)
def test_the_name_in_the_certificate(run, healthy, authority, names, options, line):
    cert = authority.sign("server", *map(x509.DNSName, names))
    with Front(healthy, *cert) as uri:
        code, _, err = run("run", *FEW, "--target", uri, "--ca-file", authority.file, *options)
    if line is None:
        assert code == 0
    else:
        assert (code, len(err)) == (4, 1)
        assert line.format(port=uri.rpartition(":")[2]) in err[0]


def test_an_authority_that_is_not_trusted(run, healthy, tmp_path, authority, here):
    other = Authority(tmp_path, "another authority")
    with Front(healthy, *here) as uri:
        for options in (["--ca-file", other.file], []):
            code, _, err = run("run", *FEW, "--target", uri, *options)
            assert (code, len(err)) == (4, 1)
            assert "is not accepted for 127.0.0.1: " in err[0]


def test_a_server_without_tls(run, healthy, authority):
    code, _, err = run("run", *FEW, "--target", f"tcps://{healthy}", "--ca-file", authority.file, "--timeout-scale", "0.1")
    assert (code, len(err)) == (4, 1)
    assert healthy in err[0]


def test_a_server_that_is_silent_in_the_handshake(run, authority):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"tcps://127.0.0.1:{silent.getsockname()[1]}"
        code, _, err = run("run", *FEW[:4], "--target", uri, "--ca-file", authority.file, "--timeout-scale", "0.05")
    assert (code, len(err)) == (4, 1)
    assert "does not end the TLS handshake within" in err[0]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--target", "127.0.0.1:9", "--ca-file", "x.pem"], "certificates go with an address that begins with tcps://"),
        (["--ca-file", "x.pem"], "certificates go with --target tcps://"),
        (["--target", "tcps://127.0.0.1:9", "--ca-file", "x.pem"], "there is no file x.pem"),
        (["--target", "tcps://127.0.0.1:9", "--key-file", "noise.pem"], "key-file goes with cert-file"),
    ],
)
def test_options_that_do_not_fit(run, tmp_path, options, line):
    (tmp_path / "noise.pem").write_text("noise")
    code, out, err = run("run", *options)
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]


def test_files_that_are_no_certificates(run, healthy, tmp_path, authority, here):
    (tmp_path / "noise.pem").write_text("noise")
    cert, key = authority.sign("locked", password=b"s3cret")
    with Front(healthy, *here) as uri:
        for options, line in (
            (["--ca-file", "noise.pem"], "the CA file noise.pem cannot be used"),
            (["--ca-file", authority.file, "--cert-file", "noise.pem"], "the client certificate noise.pem cannot be used"),
            (["--ca-file", authority.file, "--cert-file", cert, "--key-file", key], "its key is encrypted"),
        ):
            code, _, err = run("run", *FEW, "--target", uri, *options)
            assert (code, len(err)) == (2, 1), err
            assert line in err[0]
