#!/usr/bin/env python3
"""Checks an audit bundle of Ruhu 入户: every hash, every chain, every signature, nothing missing, nothing added.

    python3 verify.py [BUNDLE.zip | FOLDER] [--number SHA256]

Without a path it checks the folder that it lies in. It needs Python 3.9 or newer and the package cryptography, and
nothing of the server. Ends with 0 when everything stands, 1 when something does not, 2 when there is nothing to check.
It travels inside each bundle, so it is one file and imports nothing of its project.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

FORMAT = "ruhu-photo-bundle/1"
MANIFEST = "manifest.json"
# What may be wrong. Those of NOTES are no sign that anything was changed.
WORDS = {
    "number": ("清单不是导出时的那一份", "the manifest is not the one that was exported"),
    "manifest": ("清单读不出来", "the manifest cannot be read"),
    "missing": ("文件不见了", "the file is missing"),
    "changed": ("文件被改动过", "the file was changed"),
    "extra": ("多出来的文件", "a file that does not belong here"),
    "twice": ("同名文件出现两次", "two files of one name"),
    "record": ("走访文件读不出来", "the file of the visit cannot be read"),
    "other_photo": ("照片不是签名时的那一张", "the photo is not the one that was signed"),
    "signature": (
        "签名不对：记录被改动过，或由别的手机签名",
        "wrong signature: the record was changed, or another phone signed it",
    ),
    "gap": ("中间少了照片", "a photo before it is missing"),
    "previous": ("和前一张接不上", "it does not follow the photo before"),
    "unreadable": ("拍照记录无法核对", "the capture record cannot be checked"),
    "stripped": ("同一次走访里只有它没有签名", "it alone of its visit has no signature"),
    "unsigned": ("没有签名", "no signature"),
    "no_key": (
        "没有这部手机的公钥，签名无法核对",
        "the phone's public key is not known, so its signature cannot be checked",
    ),
    "unsealed": ("没有拍照记录（由别的程序提交）", "no capture record (sent by another program)"),
    "not_received": ("导出时服务器还没有收到原图", "the server had not received the original"),
}
NOTES = ("unsigned", "no_key", "unsealed", "not_received")


class Fault(NamedTuple):
    code: str
    where: str


class Tally:
    """What was looked at: photos, and those of them whose seal stands."""

    photos = 0
    sealed = 0


class Folder:
    """An unpacked bundle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        inside = [one for one in self.path.rglob("*") if one.is_symlink() or not one.is_dir()]
        names = (one.relative_to(self.path).as_posix() for one in inside)
        return [name for name in names if not name.startswith("__pycache__/")]

    def open(self, name: str) -> BinaryIO:
        if (self.path / name).is_symlink():
            raise OSError("a link is no file of a bundle")
        return (self.path / name).open("rb")


class Archive:
    """A bundle as it was downloaded."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return self.zip.namelist()

    def open(self, name: str) -> BinaryIO:
        return self.zip.open(name)  # type: ignore[return-value]


# ---- Canonical JSON (RFC 8785), as the phone signed it


def canonical(value: Any) -> str:
    """ValueError for what JSON cannot say the same way twice."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair is no text
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _number(value)


def _number(value: Any) -> str:
    """As ECMAScript writes numbers."""
    if (abs(value) > 2**53 - 1 and isinstance(value, int)) or value != value or abs(value) == float("inf"):
        raise ValueError("no number of JSON")
    if value == 0:
        return "0"
    digits, point = _parts(float(abs(value)))
    head = "-" if value < 0 else ""
    if 0 < point <= 21:
        whole = digits[:point].ljust(point, "0")
        return head + whole + ("." + digits[point:] if digits[point:] else "")
    if -6 < point <= 0:
        return head + "0." + "0" * -point + digits
    tail = f".{digits[1:]}" if digits[1:] else ""
    return f"{head}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def _parts(value: float) -> tuple[str, int]:
    """The shortest digits that mean this number, and how many of them stand before the point."""
    found = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", repr(value))
    if found is None:
        raise ValueError("no number of JSON")
    whole, part, power = found[1], found[2] or "", int(found[3] or 0)
    digits = (whole + part).lstrip("0")
    point = len(whole) + power - (len(whole + part) - len(digits))
    return digits.rstrip("0"), point


# ---- Seals


def is_signed(jwk: dict[str, Any], signature: Any, content: bytes) -> bool:
    """P-256 with SHA-256; the signature is base64 of r and s, 32 bytes each."""
    try:
        raw = base64.b64decode(str(signature), validate=True)
        x, y = (int.from_bytes(base64.urlsafe_b64decode(str(jwk[name]) + "=="), "big") for name in ("x", "y"))
        if len(raw) != 64 or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
            return False
        pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        key.verify(pair, content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return False
    return True


def check_seal(photos: list[dict[str, Any]], key: dict[str, Any] | None, where: str) -> Iterator[Fault]:
    """The chain of one visit's kept photos, in the order of their numbers."""
    sealed = [one for one in photos if "seq" in (one.get("capture") or {})]
    sealed.sort(key=lambda one: one["capture"]["seq"] if isinstance(one["capture"]["seq"], int) else 0)
    some_signed = any(one["capture"].get("signature") for one in sealed)
    before: str | None = None
    for place, photo in enumerate(sealed, 1):
        record = {name: value for name, value in photo["capture"].items() if name != "signature"}
        try:
            text = canonical(record).encode()
        except (ValueError, TypeError):
            text = b""
        fault = _fault(photo, text, place, before, key, some_signed)
        if fault:
            yield Fault(fault, f"{where} {photo.get('file') or photo['attachment_id']}")
        before = hashlib.sha256(text).hexdigest() if text else None


def check_bare(photos: list[dict[str, Any]], where: str) -> Iterator[Fault]:
    """Records without a seal among signed ones: a phone signs all photos of a visit or none."""
    records = [(one, one.get("capture") or {}) for one in photos]
    if any(record.get("signature") for _, record in records):
        for photo, record in records:
            if record and "seq" not in record:
                yield Fault("stripped", f"{where} {photo.get('file') or photo['attachment_id']}")


def _fault(
    photo: dict[str, Any], text: bytes, place: int, before: str | None, key: dict[str, Any] | None, signed: bool
) -> str | None:
    record = photo["capture"]
    if not text:
        return "unreadable"
    if record.get("signature") is None:
        return "stripped" if signed else "unsigned"
    if key is not None and not is_signed(key, record["signature"], text):
        return "signature"
    if record.get("photo_sha256") != photo["sha256"]:
        return "other_photo"
    if record["seq"] != place:
        return "gap"
    if record.get("prev_record_hash") != before:
        return "previous"
    return "no_key" if key is None else None


def check_visit(content: bytes, where: str, found: dict[str, str], tally: Tally) -> Iterator[Fault]:
    """One visit: its photos are those that it names, and its seals stand. `found`: hash of each file that is here."""
    try:
        visit = json.loads(content)
        for seal in visit["seals"]:
            for photo in seal["photos"]:
                tally.photos += 1
                yield from _check_photo(photo, f"{where} {photo.get('file') or photo['attachment_id']}", found)
            faults = list(check_seal(seal["photos"], visit.get("public_key_jwk"), where))
            tally.sealed += sum("seq" in (one.get("capture") or {}) for one in seal["photos"]) - len(faults)
            yield from faults
            yield from check_bare(seal["photos"], where)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Fault("record", where)


def _check_photo(photo: dict[str, Any], where: str, found: dict[str, str]) -> Iterator[Fault]:
    if photo["file"] is None:
        yield Fault("not_received", where)
    elif photo["file"] in found and found[photo["file"]] != photo["sha256"]:
        yield Fault("other_photo", where)
    if "seq" not in (photo.get("capture") or {}):
        yield Fault("unsealed", where)


# ---- The whole bundle


def check(bundle: Any, number: str | None, tally: Tally) -> Iterator[Fault]:
    """Everything that is wrong or worth knowing; first the files, then what they say."""
    names = Counter(bundle.names())
    listed, faults = read_manifest(bundle, number)
    yield from faults
    yield from (Fault("twice", name) for name in sorted(name for name in names if names[name] > 1))
    yield from (Fault("missing", path) for path in listed if path not in names)
    yield from (Fault("extra", name) for name in names.elements() if name not in listed and name != MANIFEST)
    found: dict[str, str] = {}
    for path, sha256 in listed.items():
        if path in names:
            found[path] = hash_of(bundle, path)
            if found[path] != sha256:
                yield Fault("changed", path)
    for path in listed:
        if path.startswith("visits/") and path in names:
            yield from check_visit(read(bundle, path), path, found, tally)


def read_manifest(bundle: Any, number: str | None) -> Any:
    """Path → SHA-256 of the files that belong here, and what is wrong with the manifest itself."""
    content = read(bundle, MANIFEST)
    faults = []
    if number and hashlib.sha256(content).hexdigest() != number.strip().lower():
        faults.append(Fault("number", MANIFEST))
    try:
        manifest = json.loads(content)
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        return {one["path"]: one["sha256"] for one in manifest["files"]}, faults
    except (ValueError, KeyError, TypeError):
        return {}, [*faults, Fault("manifest", MANIFEST)]


def read(bundle: Any, path: str) -> bytes:
    """The file; nothing where it cannot be read, and its hash says so."""
    try:
        with bundle.open(path) as file:
            return bytes(file.read())
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return b""


def hash_of(bundle: Any, path: str) -> str:
    digest = hashlib.sha256()
    try:
        with bundle.open(path) as file:
            for piece in iter(lambda: file.read(1024 * 1024), b""):
                digest.update(piece)
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return ""
    return digest.hexdigest()


def report(faults: list[Fault], number: str, tally: Tally) -> int:
    """Prints what was found; the exit code."""
    bad = [one for one in faults if one.code not in NOTES]
    for one in sorted(set(faults), key=lambda one: (one.code in NOTES, one.where, one.code)):
        zh, en = WORDS[one.code]
        mark = "-" if one.code in NOTES else "✗"
        print(f"{mark} {one.where} [{one.code}] {zh} / {en}")
    print(f"编号 / number: {number}")
    print(
        f"照片 {tally.photos} 张，封签完好 {tally.sealed} 张 / {tally.photos} photos, {tally.sealed} with a whole seal"
    )
    if bad:
        print(f"✗ 不通过：{len(set(bad))} 处不对 / NOT OK: {len(set(bad))} faults")
        return 1
    print(f"✓ 全部相符（说明 {len(set(faults))} 条） / OK: everything stands ({len(set(faults))} notes)")
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--number", help="the number that the server shows with the export")
    given = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console in GBK knows no tick
    try:
        bundle = Folder(given.path) if given.path.is_dir() else Archive(given.path)
        if MANIFEST not in bundle.names():
            raise OSError("no " + MANIFEST)
    except (OSError, zipfile.BadZipFile) as error:
        print(f"✗ 这里没有照片核查包 / no photo bundle here: {given.path} ({error})")
        return 2
    tally = Tally()
    faults = list(check(bundle, given.number, tally))
    return report(faults, hash_of(bundle, MANIFEST), tally)


if __name__ == "__main__":
    sys.exit(main())
