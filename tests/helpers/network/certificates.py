"""Certificates that openssl makes, and a TLS listener in front of the servers of a test."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """An authority, and a certificate that it signed."""

    authority: Path
    chain: Path
    key: Path

    def context(self):
        """Return what a server needs to speak TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def signed(folder, name="DNS:localhost,IP:127.0.0.1", *, is_expired=False):
    """Return an authority of its own and a certificate for a name."""
    folder.mkdir(exist_ok=True)
    ca, ca_key, key, request, leaf = (folder / part for part in ("ca.pem", "ca.key", "key", "request", "leaf.pem"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", 30, "-subj", "/CN=Test authority")
    _openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=server")
    extra = folder / "extra"
    extra.write_text(f"subjectAltName={name}\nbasicConstraints=CA:FALSE\n")
    if is_expired:
        _expired(folder, ca, ca_key, request, extra, leaf)
    else:
        signer = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 30)
        _openssl("x509", "-req", "-in", request, *signer, "-extfile", extra, "-out", leaf)
    return Certificates(ca, leaf, key)


def _expired(folder, ca, ca_key, request, extra, leaf):
    """Sign with ``openssl ca``, which takes dates: ``x509`` takes them from OpenSSL 3.4 on only."""
    config = folder / "ca.conf"
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    config.write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n"
    )
    dates = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
    names = ("-in", request, "-cert", ca, "-keyfile", ca_key, "-extfile", extra, "-out", leaf)
    _openssl("ca", "-batch", "-notext", "-config", config, *names, *dates)


def self_signed(folder):
    """Return a certificate that is its own authority, as the tutorials make it."""
    folder.mkdir(exist_ok=True)
    leaf, key = folder / "self.pem", folder / "self.key"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    more = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    _openssl("req", "-x509", *curve, "-keyout", key, "-out", leaf, "-days", 30, *more)
    return Certificates(leaf, leaf, key)
