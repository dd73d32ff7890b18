"""Make a certificate for trying Content Credentials (``make dev-cert``); nobody else trusts it."""

from __future__ import annotations

import argparse
import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 90


def make(folder: Path) -> tuple[Path, Path]:
    """Write a signing certificate with its own authority, and the key.

    The profile is that of C2PA 2.1, section 14.5 for a signing certificate: X.509 v3, ES256, issued
    by an authority (a self-signed one is refused), for digital signatures and e-mail protection.

    Args:
        folder: Where to write ``dev-cert.pem`` (leaf first) and ``dev-key.pem``.

    Returns:
        The paths of certificate and key.
    """
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = _name("Development authority"), _name("Development signer")
    root = _sign(_authority(root_name, root_key), root_key)
    leaf = _sign(_signer(root_name, leaf_name, leaf_key, root_key), root_key)
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / "dev-cert.pem", folder / "dev-key.pem"
    certificate.write_bytes(b"".join(one.public_bytes(_PEM) for one in (leaf, root)))
    # Created with these permissions, so that the key is never readable by others.
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(
            leaf_key.private_bytes(
                _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return certificate, key


_PEM = serialization.Encoding.PEM


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Presence, development only"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )


def _signer(
    issuer: x509.Name,
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        _builder(name, issuer, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(purposes, critical=True)
        .add_extension(by, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def main() -> None:
    """Write the two files and say how to use them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var"))
    certificate, key = make(parser.parse_args().folder)
    print(f"export PRESENCE_C2PA_CERT={certificate.resolve()}")
    print(f"export PRESENCE_C2PA_KEY={key.resolve()}")


if __name__ == "__main__":
    main()
