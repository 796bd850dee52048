"""Every setting, read once from the environment.

| variable | meaning | default |
| --- | --- | --- |
| RUHU_DATABASE_URL | SQLAlchemy address of the database | SQLite file in RUHU_VAR |
| RUHU_VAR | folder of everything that Ruhu writes | ./var |
| RUHU_CLIENT | folder of the built client | ./client/dist |
| RUHU_FORMS | folder of the form definitions | ./form_definitions |
| RUHU_TOKEN_DAYS | how long a phone stays signed in, days | 30 |
| RUHU_CONSOLE_HOURS | how long a desk stays signed in, hours | 12 |
| RUHU_PHOTO_BYTES | largest photo, bytes | 20971520 |
| RUHU_BODY_BYTES | largest body of any other request, bytes | 17825792 |
| RUHU_COURIER_BYTES | largest courier file, bytes | 268435456 |
| RUHU_IMPORT_BYTES | largest register file to import, bytes | 268435456 |
| RUHU_UPLOAD_DAYS | how long an unfinished upload is kept, days | 30 |
| RUHU_OPEN_UPLOADS | how many unfinished uploads one person may have | 200 |
| RUHU_OPEN_UPLOAD_BYTES | how many bytes these may announce together | 1073741824 |
| RUHU_BLOB_DAYS | how long bytes are kept that nothing refers to, days | 90 |
| RUHU_S3_BUCKET | bucket for photos and files; empty: the folder blobs in RUHU_VAR | |
| RUHU_S3_ENDPOINT | address of the S3-compatible server; empty: AWS | |
| RUHU_S3_KEY, RUHU_S3_SECRET | access key and its secret | |
| RUHU_S3_REGION | region that requests are signed for | us-east-1 |
| RUHU_S3_PATH_STYLE | 1: the bucket stands in the path, 0: in the host name | 1 |
| RUHU_S3_PREFIX | what every key begins with, such as county/ | |
| RUHU_MASTER_KEY_FILE | file of the master keys; made at the first start | keys/master.keys in RUHU_VAR |
| RUHU_MASTER_KEYS | the master keys themselves, `id secret`, parted by commas, in place of a file | |
| RUHU_MAP_FILE | ground of all maps: a PMTiles file that an office supplies; empty: none | |
| RUHU_MAP_TILES | raster tiles over it: addresses with {z}, {x}, {y}, parted by spaces; later ones lie above | |
| RUHU_MAP_KEY | what {key} in these addresses stands for; it never leaves the server | |
| RUHU_MAP_DEEPEST | deepest zoom of these tiles | 18 |
| RUHU_MAP_CREDIT | what the map names as its source | |
| RUHU_TRUSTED_PROXIES | how many reverse proxies stand in front (their X-Forwarded headers are believed) | 0 |
| RUHU_SHARE_PUSHES | 1: small pushes that wait at one moment share their transactions, 0: each has its own | 1 |
| RUHU_TESTING | 1: failpoints are compiled in | 0 |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class S3:
    """Where the bucket is and how to sign for it."""

    bucket: str
    endpoint: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    region: str = "us-east-1"
    path_style: bool = True
    prefix: str = ""


@dataclass(frozen=True)
class Ground:
    """What lies below every map; nothing where nothing is set. `tiles`: addresses with {z}, {x}, {y}, perhaps {key}."""

    file: Path | None = None
    tiles: tuple[str, ...] = ()
    key: str = field(default="", repr=False)
    deepest: int = 18
    credit: str = ""


@dataclass(frozen=True)
class Settings:
    """All settings of one running program; immutable."""

    database_url: str
    var: Path
    client: Path = ROOT / "client" / "dist"
    forms: Path = ROOT / "form_definitions"
    token_days: int = 30
    console_hours: int = 12
    photo_bytes: int = 20 * 1024 * 1024
    body_bytes: int = 17 * 1024 * 1024
    courier_bytes: int = 256 * 1024 * 1024
    import_bytes: int = 256 * 1024 * 1024
    upload_days: int = 30
    open_uploads: int = 200
    open_upload_bytes: int = 1024 * 1024 * 1024
    blob_days: int = 90
    s3: S3 | None = None
    ground: Ground = Ground()
    trusted_proxies: int = 0
    master_key_file: Path | None = None
    master_keys: str = field(default="", repr=False)
    share_pushes: bool = True
    testing: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def blobs(self) -> Path:
        return self.var / "blobs"

    @cached_property
    def staging(self) -> Path:
        return self.var / "staging"

    @property
    def derived(self) -> Path:
        return self.var / "derived"

    @property
    def keys(self) -> Path:
        return self.var / "keys"


def settings_from(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables; a number that is none stops the program with its name."""
    var = Path(env.get("RUHU_VAR", ROOT / "var")).resolve()
    return Settings(
        database_url=env.get("RUHU_DATABASE_URL") or f"sqlite:///{var / 'ruhu.sqlite'}",
        var=var,
        client=Path(env.get("RUHU_CLIENT", Settings.client)),
        forms=Path(env.get("RUHU_FORMS", Settings.forms)),
        token_days=_number(env, "RUHU_TOKEN_DAYS", Settings.token_days),
        console_hours=_number(env, "RUHU_CONSOLE_HOURS", Settings.console_hours),
        photo_bytes=_number(env, "RUHU_PHOTO_BYTES", Settings.photo_bytes),
        body_bytes=_number(env, "RUHU_BODY_BYTES", Settings.body_bytes),
        courier_bytes=_number(env, "RUHU_COURIER_BYTES", Settings.courier_bytes),
        import_bytes=_number(env, "RUHU_IMPORT_BYTES", Settings.import_bytes),
        upload_days=_number(env, "RUHU_UPLOAD_DAYS", Settings.upload_days),
        open_uploads=_number(env, "RUHU_OPEN_UPLOADS", Settings.open_uploads),
        open_upload_bytes=_number(env, "RUHU_OPEN_UPLOAD_BYTES", Settings.open_upload_bytes),
        blob_days=_number(env, "RUHU_BLOB_DAYS", Settings.blob_days),
        s3=_s3(env),
        ground=_ground(env),
        trusted_proxies=_number(env, "RUHU_TRUSTED_PROXIES", Settings.trusted_proxies),
        master_key_file=Path(file) if (file := env.get("RUHU_MASTER_KEY_FILE")) else None,
        master_keys=env.get("RUHU_MASTER_KEYS", ""),
        share_pushes=env.get("RUHU_SHARE_PUSHES", "1") != "0",
        testing=env.get("RUHU_TESTING") == "1",
    )


def _s3(env: Mapping[str, str]) -> S3 | None:
    """The bucket that is named; one without keys stops the program, since nothing could ever be stored."""
    bucket = env.get("RUHU_S3_BUCKET", "")
    if not bucket:
        return None
    for name in ("RUHU_S3_KEY", "RUHU_S3_SECRET"):
        if not env.get(name):
            raise SystemExit(f"RUHU_S3_BUCKET is set, so {name} is needed too")
    return S3(
        bucket=bucket, endpoint=env.get("RUHU_S3_ENDPOINT", ""), key=env["RUHU_S3_KEY"], secret=env["RUHU_S3_SECRET"],
        region=env.get("RUHU_S3_REGION") or S3.region, path_style=env.get("RUHU_S3_PATH_STYLE", "1") == "1",
        prefix=env.get("RUHU_S3_PREFIX", ""),
    )


def _ground(env: Mapping[str, str]) -> Ground:
    """The ground of maps; an address without its marks stops the program: it would show one tile for ever."""
    tiles = tuple(env.get("RUHU_MAP_TILES", "").split())
    for address in tiles:
        marked = all(mark in address for mark in ("{z}", "{x}", "{y}"))
        if not marked or not address.startswith(("https://", "http://")):
            raise SystemExit("RUHU_MAP_TILES wants addresses that begin with https:// and hold {z}, {x} and {y}")
    return Ground(
        file=Path(file) if (file := env.get("RUHU_MAP_FILE")) else None,
        tiles=tiles,
        key=env.get("RUHU_MAP_KEY", ""),
        deepest=_number(env, "RUHU_MAP_DEEPEST", Ground.deepest),
        credit=env.get("RUHU_MAP_CREDIT", ""),
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise SystemExit(f"{name} must be a whole number, but is {text!r}")
    return int(text)
