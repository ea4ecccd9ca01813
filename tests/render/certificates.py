"""Certificates for tests, of our own making."""

from __future__ import annotations

import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def a_certificate(folder: Path, name: str, *subjects: str, signed_by: str = "") -> Path:
    """Make a certificate and its key in one file; of an authority where no subjects are given."""
    key, certificate, both = (folder / f"{name}{end}" for end in (".key", ".crt", ".pem"))
    options = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    options += ["-days", "2", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)]
    if subjects:
        names = ",".join(f"DNS:{each}" for each in subjects)
        options += ["-addext", f"subjectAltName={names}"]
        options += ["-addext", "basicConstraints=critical,CA:FALSE"]
    if signed_by:
        options += ["-CA", str(folder / f"{signed_by}.crt"), "-CAkey"]
        options += [str(folder / f"{signed_by}.key")]
    _openssl(*options)
    both.write_text(certificate.read_text() + "\n" + key.read_text())
    return both
