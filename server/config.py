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
| RUHU_UPLOAD_DAYS | how long an unfinished upload is kept, days | 30 |
| RUHU_TRUSTED_PROXIES | how many reverse proxies stand in front (their X-Forwarded headers are believed) | 0 |
| RUHU_TESTING | 1: failpoints are compiled in | 0 |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    upload_days: int = 30
    trusted_proxies: int = 0
    testing: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def blobs(self) -> Path:
        return self.var / "blobs"

    @property
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
        upload_days=_number(env, "RUHU_UPLOAD_DAYS", Settings.upload_days),
        trusted_proxies=_number(env, "RUHU_TRUSTED_PROXIES", Settings.trusted_proxies),
        testing=env.get("RUHU_TESTING") == "1",
    )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise SystemExit(f"{name} must be a whole number, but is {text!r}")
    return int(text)
