#!/usr/bin/env python3
"""Draws a published sample of Ruhu 入户 again and says whether it is the one that was published.

    python3 redraw.py [BUNDLE.zip | FOLDER | draw.json] [--key HEX]

Checks draw.json, frame.csv and, where they are there, freeze.json and exclusions.csv: hashes, signatures, the seed, and
every household with its probability. --key: the public key that the office made known. Needs Python 3.9 alone. Exit
codes: 0 all stands, 1 it does not, 2 nothing is there. Written apart from the program that drew: all is computed twice.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

FORMATS = {"draw.json": "ruhu-draw/1", "freeze.json": "ruhu-freeze/1"}
WORDS = {
    "form": ("读不出来，或写法被改动过", "cannot be read, or is not written as it was published"),
    "missing": ("文件不见了", "the file is missing"),
    "signature": ("签名不对：内容被改动过", "wrong signature: something was changed"),
    "key": ("由别的密钥签名", "signed by another key"),
    "frame": ("抽样框不是公布的那一份，或没有按规定写", "the frame is not the published one, or not canonical"),
    "plan": ("方案和它的编号对不上", "the plan does not fit its hash"),
    "freeze": ("和抽样前公布的不一样", "differs from what was published before the seed"),
    "exclusions": (
        "排除名单不是公布的那一份，或其中的户又在抽样框里",
        "not the published list, or one of it is in the frame",
    ),
    "seed": ("种子不合规定，或和双方的承诺对不上", "the seed breaks the rules or does not fit the commitments"),
    "other": ("重抽的结果不一样", "drawing again gives others"),
    "undrawable": ("照这个方案抽不出来", "it cannot be drawn by this plan"),
}
Row = tuple[str, ...]
Fault = tuple[str, str]  # a word of WORDS, and where


class Lot(NamedTuple):
    """A list in which `take` of `rows` are drawn; `first`: probability of its village."""

    stratum: str
    rows: list[Row]
    take: int
    reserves: int
    first: Fraction = Fraction(1)
    chosen: set[Row] | None = None


def ticket(seed: str, stage: str, stratum: str, name: str) -> str:
    """All the chance there is: SHA-256 of seed, stage, stratum and id, with the byte 1F between."""
    return hashlib.sha256("\x1f".join((seed, stage, stratum, name)).encode("utf-8")).hexdigest()


class Frame:
    """Rows of the frame; `at`: position of each column."""

    def __init__(self, text: str) -> None:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.header, self.rows = tuple(header), [tuple(row) for row in rows]
        self.at = {name: place for place, name in enumerate(header)}
        self.id, self.village, self.township = (self.at[name] for name in ("household_id", "village", "township"))

    def canonical(self) -> bytes:
        extra = sorted(set(self.header) - {"household_id", "village", "township"})
        places = [self.at[name] for name in ("household_id", "village", "township", *extra)]
        out, lines = io.StringIO(newline=""), [[row[place] for place in places] for row in (self.header, *self.rows)]
        csv.writer(out, lineterminator="\n").writerows([lines[0], *sorted(lines[1:])])
        return out.getvalue().encode("utf-8")

    def grouped(self, place: int, rows: list[Row]) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row[place], []).append(row)
        return dict(sorted(groups.items()))


def draw(frame: Frame, plan: dict[str, Any], seed: str) -> dict[str, Any]:
    """Villages, households and reserves, as they stand in draw.json."""
    marks = [(frame.at[one["column"]], set(one["values"])) for one in plan.get("always", [])]
    certain = [row for row in frame.rows if any(row[place] in values for place, values in marks)]
    rest = [row for row in frame.rows if not any(row[place] in values for place, values in marks)]
    lots = [Lot("(always)", certain, len(certain), 0)] if certain else []
    villages: list[dict[str, str]] = []
    lots += lots_of(frame, plan, seed, rest, villages) if rest else []
    units = [(list(units_of(frame, lot, seed)), lot.take) for lot in lots]
    main = [unit for of_lot, take in units for unit in of_lot[:take]]
    reserves = [unit for of_lot, take in units for unit in of_lot[take:]]
    for order, unit in enumerate(main + reserves, 1):
        unit["order"] = order
    return {"villages": villages, "households": main, "reserves": reserves}


def units_of(frame: Frame, lot: Lot, seed: str) -> Iterator[dict[str, Any]]:
    def order(row: Row) -> tuple[bool, str, str]:
        is_spare = lot.chosen is not None and row not in lot.chosen
        return is_spare, ticket(seed, "household", lot.stratum, row[frame.id]), row[frame.id]

    pi = lot.first * Fraction(lot.take, len(lot.rows))
    for row in sorted(lot.rows, key=order)[: lot.take + lot.reserves]:
        unit = {"household_id": row[frame.id], "village": row[frame.village], "township": row[frame.township]}
        yield {**unit, "pi": exact(pi), "weight": exact(1 / pi), "ticket": order(row)[1]}


def lots_of(frame: Frame, plan: dict[str, Any], seed: str, rest: list[Row], villages: list[Any]) -> Iterator[Lot]:
    design, spare = plan["design"], plan["reserves"]
    if design == "two_stage":
        yield from two_stage(frame, plan, seed, rest, villages)
    elif design == "stratified":
        strata = frame.grouped(frame.at[plan["stratum"]], rest)
        shares = share_out(frame, plan, strata, how_many(plan, len(rest)))
        for name, rows in strata.items():
            yield Lot(name, rows, shares[name], spare)
    elif design == "systematic":
        ordered = sorted(rest, key=lambda row: (row[frame.township], row[frame.village], row[frame.id]))
        total, count = len(rest), how_many(plan, len(rest))
        first = int(ticket(seed, "start", "", ""), 16) % total
        yield Lot("", rest, count, spare, chosen={ordered[(first + k * total) // count] for k in range(count)})
    else:
        yield Lot("", rest, how_many(plan, len(rest)), spare)


def how_many(plan: dict[str, Any], there: int) -> int:
    asked = plan["households"]
    if "share" in asked:
        return min(there, -(-Fraction(asked["share"]) * there // 1))
    return min(there, asked["count"]) if "count" in asked else there


def two_stage(frame: Frame, plan: dict[str, Any], seed: str, rest: list[Row], villages: list[Any]) -> Iterator[Lot]:
    stratum = plan.get("stratum")
    strata = {"": rest} if stratum is None else frame.grouped(frame.at[stratum], rest)
    for name, rows in strata.items():
        inside = frame.grouped(frame.village, rows)
        sizes = {village: len(households) for village, households in inside.items()}
        ordered = sorted(sizes, key=lambda village: (ticket(seed, "village", name, village), village))
        count = min(plan["villages"]["count"], len(sizes))
        chosen = [(village, Fraction(count, len(sizes))) for village in ordered[:count]]
        if plan["villages"]["method"] == "pps":
            chosen = pps(ordered, sizes, count, int(ticket(seed, "start", name, ""), 16))
        for village, pi in chosen:
            villages.append({"village": village, "pi": exact(pi)})
            yield Lot(name, inside[village], how_many(plan, sizes[village]), plan["reserves"], pi)


def pps(ordered: list[str], sizes: dict[str, int], count: int, number: int) -> list[tuple[str, Fraction]]:
    """Certain villages first; then every total-th number of those that the others cover, from a random start."""
    certain: set[str] = set()
    while True:
        rest, left = [name for name in ordered if name not in certain], count - len(certain)
        total = sum(sizes[name] for name in rest)
        large = {name for name in rest if left > 0 and left * sizes[name] >= total}
        if not large:
            break
        certain |= large
    drawn, end = [(name, Fraction(1)) for name in ordered if name in certain], 0
    marks = [number % total + k * total for k in range(left)]
    for name in rest:
        begin, end = end, end + left * sizes[name]
        if any(begin <= mark < end for mark in marks):
            drawn.append((name, Fraction(left * sizes[name], total)))
    return drawn


def share_out(frame: Frame, plan: dict[str, Any], strata: dict[str, list[Row]], count: int) -> dict[str, int]:
    """2 each, or 1; never more than there are; the rest in proportion, by largest remainders."""
    sizes = {name: len(rows) for name, rows in strata.items()}
    least = {name: min(2, size) for name, size in sizes.items()}
    least = least if sum(least.values()) <= count else dict.fromkeys(sizes, 1)
    parts = exact_parts(count, sizes, {name: mark(frame, plan, name, rows) for name, rows in strata.items()})
    given = {name: max(least[name], int(parts[name])) for name in sizes}
    while sum(given.values()) > count:
        given[max((n for n in given if given[n] > least[n]), key=lambda n: given[n] - parts[n])] -= 1
    while sum(given.values()) < count:
        given[max((n for n in given if given[n] < sizes[n]), key=lambda n: parts[n] - given[n])] += 1
    return given


def exact_parts(count: int, sizes: dict[str, int], marks: dict[str, Fraction]) -> dict[str, Fraction]:
    """In proportion to the marks; a stratum whose part exceeds it is taken whole, and the rest shared anew."""
    marks = marks if any(marks.values()) else {name: Fraction(size) for name, size in sizes.items()}
    parts: dict[str, Fraction] = {}
    while True:
        left, total = count - sum(parts.values()), sum(marks[name] for name in marks if name not in parts)
        tried = {name: marks[name] * left / total if total else Fraction(0) for name in marks if name not in parts}
        full = {name: Fraction(sizes[name]) for name, part in tried.items() if part >= sizes[name]}
        if not full:
            return {**parts, **tried}
        parts.update(full)


def mark(frame: Frame, plan: dict[str, Any], name: str, rows: list[Row]) -> Fraction:
    if plan["allocation"] != "neyman":
        return Fraction(1 if plan["allocation"] == "equal" else len(rows))
    if isinstance(plan["spread"], dict):
        return len(rows) * Fraction(plan["spread"][name])
    values = [Fraction(row[frame.at[plan["spread"]]]) for row in rows]
    mean, free = sum(values) / len(values), max(len(values) - 1, 1)
    return len(rows) * Fraction(isqrt(int(sum((value - mean) ** 2 for value in values) / free * 10**24)), 10**12)


def exact(value: Fraction) -> str:
    """A decimal of at most 12 places where that is exact, else numerator/denominator."""
    scaled = value * 10**12
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(scaled.numerator, 10**12)
    return f"{whole}.{part:012d}".rstrip("0").rstrip(".")


# Ed25519 (RFC 8032), for checking alone: affine, slow, short
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    k = D * a[0] * b[0] * a[1] * b[1] % P
    x, y = a[0] * b[1] + b[0] * a[1], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + k, -1, P) % P, y * pow(1 - k, -1, P) % P


def times(scalar: int, point: Point) -> Point:
    found = (0, 1)
    while scalar:
        found = add(found, point) if scalar & 1 else found
        point, scalar = add(point, point), scalar >> 1
    return found


def opened(raw: bytes) -> Point:
    """The point that 32 bytes name. ValueError when they name none."""
    sign, y = divmod(int.from_bytes(raw, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if len(raw) != 32 or y >= P or x * x % P != square or (x == 0 and sign):
        raise ValueError("no point")
    return (P - x if x & 1 != sign else x), y


def is_signed(key: bytes, signature: bytes, content: bytes) -> bool:
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + content).digest(), "little") % ORDER
    base = opened(bytes([0x58]) + bytes([0x66]) * 31)
    return times(scalar, base) == add(opened(signature[:32]), times(digest, opened(key)))


def published(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode("utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_document(name: str, content: bytes, key: str | None) -> tuple[dict[str, Any], list[Fault]]:
    """The document, empty when it cannot be read, and what is wrong with its form and signature."""
    try:
        document = json.loads(content.decode("utf-8"))
        signature = document["signature"]
        bare = published({name: value for name, value in document.items() if name != "signature"})
        public, value = bytes.fromhex(signature["public_key"]), bytes.fromhex(signature["value"])
        head = (document["format"], document["algorithm"], signature["algorithm"])
        wrong = {
            "form": published(document) != content or head != (FORMATS[name], "ruhu-sample/1", "Ed25519"),
            "signature": not is_signed(public, value, bare),
            "key": key is not None and signature["public_key"] != key.strip().lower(),
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, [("form", name)]
    return document, [(code, name) for code, is_so in wrong.items() if is_so]


def check(files: dict[str, bytes], key: str | None) -> Iterator[Fault]:
    """Everything that is wrong. `files`: those of a bundle by name."""
    record, faults = check_document("draw.json", files["draw.json"], key)
    yield from faults
    papers = {"frame.csv": "frame_sha256", "freeze.json": "freeze_sha256", "exclusions.csv": "exclusions_sha256"}
    needed = [name for name, hash_ in papers.items() if record.get(hash_) is not None or name == "freeze.json"]
    missing = [name for name in needed if name not in files]  # without a freeze the seed could have been there first
    yield from (("missing", name) for name in missing)
    if record and not missing:
        try:
            yield from check_papers(record, files, key)
            yield from check_draw(record, files["frame.csv"])
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, LookupError, csv.Error) as error:
            yield "undrawable", f"draw.json: {type(error).__name__} {error}"


def check_papers(record: dict[str, Any], files: dict[str, bytes], key: str | None) -> Iterator[Fault]:
    """Hashes, the freeze, the exclusions and the seed."""
    plan = json.dumps(record["plan"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if sha256(plan.encode("utf-8")) != record["plan_sha256"]:
        yield "plan", "draw.json"
    yield from check_freeze(record, files["freeze.json"], key)
    if record["exclusions_sha256"] is not None:
        yield from check_exclusions(record, files["exclusions.csv"], Frame(files["frame.csv"].decode("utf-8")))
    if not is_seed(record):
        yield "seed", record["seed"]


def check_freeze(record: dict[str, Any], content: bytes, key: str | None) -> Iterator[Fault]:
    freeze, faults = check_document("freeze.json", content, key)
    yield from faults
    if sha256(content) != record["freeze_sha256"]:
        yield "freeze", "freeze.json"
    names = ("frame_sha256", "plan", "plan_sha256", "seed_way", "exclusions_sha256", "frozen_at")
    yield from (("freeze", name) for name in names if freeze.get(name) != record[name])
    if freeze.get("commitments") != [{"party": one["party"], "sha256": one["sha256"]} for one in record["commitments"]]:
        yield "freeze", "commitments"


def check_exclusions(record: dict[str, Any], content: bytes, frame: Frame) -> Iterator[Fault]:
    if sha256(content) != record["exclusions_sha256"]:
        yield "exclusions", "exclusions.csv"
    rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    out = {row["household_id"] for row in rows if row.get("treatment") != "shared"}  # those may well be drawn
    yield from (("exclusions", row[frame.id]) for row in frame.rows if row[frame.id] in out)


def is_seed(record: dict[str, Any]) -> bool:
    seed = record["seed"]
    if record["seed_way"] == "dice":
        return len(seed) >= 20 and seed.isascii() and seed.isdigit()
    parties = sorted(record["commitments"], key=lambda one: str(one["sha256"]))
    kept = all(sha256(one["secret"].encode("utf-8")) == one["sha256"] for one in parties)
    return kept and len({one["sha256"] for one in parties}) == 2 and seed == "-".join(one["secret"] for one in parties)


def check_draw(record: dict[str, Any], content: bytes) -> Iterator[Fault]:
    frame = Frame(content.decode("utf-8"))
    ids = {row[frame.id] for row in frame.rows}
    if sha256(content) != record["frame_sha256"] or frame.canonical() != content or len(ids) != len(frame.rows):
        yield "frame", "frame.csv"
    for name, found in draw(frame, record["plan"], record["seed"]).items():
        if found != record[name]:
            yield "other", f"draw.json: {name} {len(found)} / {len(record[name])}"


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a folder, an archive, or beside a draw.json. OSError when there is no draw."""
    names = ("draw.json", "frame.csv", "freeze.json", "exclusions.csv")
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in names if name in archive.namelist()}
    else:
        folder = path if path.is_dir() else path.parent
        files = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
        files.update({"draw.json": path.read_bytes()} if path.is_file() else {})
    if "draw.json" not in files:
        raise OSError("no draw.json")
    return files


def report(files: dict[str, bytes], faults: list[Fault]) -> int:
    """Prints what was found; the exit code."""
    for code, where in faults:
        print(f"✗ {where} [{code}] {' / '.join(WORDS[code])}")
    for name, content in sorted(files.items()):
        print(f"{sha256(content)}  {name}")
    if faults:
        print(f"✗ 不通过：{len(faults)} 处不对 / NOT OK: {len(faults)} faults")
        return 1
    record = json.loads(files["draw.json"])
    v, h, r = (len(record[name]) for name in ("villages", "households", "reserves"))
    print("公钥 / public key: " + record["signature"]["public_key"])
    print(
        f"✓ 重抽一致：{v} 村 {h} 户，备用 {r} 户 / OK: drawn again, the same {v} villages, {h} households, {r} reserves"
    )
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", help="the public key that the office made known, 64 hexadecimal digits")
    given = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console in GBK knows no tick
    try:
        files = read_files(given.path)
        return report(files, list(check(files, given.key)))
    except (OSError, zipfile.BadZipFile) as error:
        print(f"✗ 这里没有抽样记录 / no record of a draw here: {given.path} ({error})")
        return 2


if __name__ == "__main__":
    sys.exit(main())
