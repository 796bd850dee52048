"""A certificate authority of this machine's own, for phones on the same Wi-Fi.

It can vouch for private addresses and local names only (name constraints), so a phone that trusts it trusts it for
nothing on the internet. The certificate is made anew when the machine's addresses change or it nears its end.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address = ipaddress.IPv4Address
NETWORKS = tuple(
    ipaddress.IPv4Network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
)
LOCAL_NAMES = ("localhost", "local")
CA_DAYS = 3650
SERVER_DAYS = 397  # phones refuse longer ones
RENEW_BEFORE = timedelta(days=30)
_SIOCGIFADDR = 0x8915


def lan_addresses() -> list[Address]:
    """IPv4 addresses of this machine's interfaces that lie in a private network; loopback last."""
    found = {address for _, name in socket.if_nameindex() if (address := _address_of(name))}
    private = [address for address in found if any(address in network for network in NETWORKS)]
    return sorted(private, key=lambda address: (address.is_loopback, address))


def _address_of(interface: str) -> Address | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            answer = fcntl.ioctl(asker.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:  # an interface without an IPv4 address
            return None
    return Address(answer[20:24])


def ensure(folder: Path, addresses: Sequence[Address]) -> None:
    """Makes what is missing in `folder`: ca.pem, ca.key, server.pem (with its chain), server.key."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "ca.pem").exists() or not (folder / "ca.key").exists():
        _make_ca(folder)
    if not _is_good(folder, addresses):
        _make_server(folder, addresses)


def _make_ca(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ruhu 本机证书 {socket.gethostname()}"[:64])])
    permitted = [x509.IPAddress(network) for network in NETWORKS] + [x509.DNSName(name) for name in LOCAL_NAMES]
    certificate = (
        _builder(name, name, key.public_key(), CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(folder / "ca.key", _private(key))
    _write(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(folder: Path, addresses: Sequence[Address]) -> None:
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise SystemExit(f"{folder / 'ca.key'} is not a key of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.IPAddress(address) for address in addresses]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ruhu")])
    certificate = (
        _builder(name, ca.subject, key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*names, x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write(folder / "server.key", _private(key))
    _write(folder / "server.pem", certificate.public_bytes(pem) + ca.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be slow
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _is_good(folder: Path, addresses: Sequence[Address]) -> bool:
    path = folder / "server.pem"
    if not path.exists() or not (folder / "server.key").exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covers = set(addresses) <= set(names.get_values_for_type(x509.IPAddress))
    fresh = certificate.not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)
    return covers and fresh and certificate.issuer == ca.subject


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Readable by its owner only, and whole or not there."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)


def fingerprint(folder: Path) -> str:
    """SHA-256 of the authority's certificate as phones show it."""
    certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def ca_der(folder: Path) -> bytes:
    return x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()).public_bytes(serialization.Encoding.DER)
