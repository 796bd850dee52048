"""A real S3 server for tests: OpenStack Swift on 127.0.0.1, started, killed and started again in one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import requests
from botocore.config import Config

from server.config import S3
from tests.serving import free_port

SCRIPT = Path(__file__).resolve().parent / "swift_node.py"
USER, SECRET = "ruhu:test", "secret-of-tests"


class ObjectStore:
    """One node. `at`: how to reach it; the bucket is made with the first start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.at = S3("photos", f"http://127.0.0.1:{self.port}", USER, SECRET, prefix="county/")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.client().create_bucket(Bucket=self.at.bucket)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(SCRIPT), str(self.folder), str(self.port), USER, SECRET]
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        self._wait()

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def client(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.at.endpoint, region_name=self.at.region, aws_access_key_id=USER,
            aws_secret_access_key=SECRET, config=Config(s3={"addressing_style": "path"}),
        )

    def keys(self) -> list[str]:
        found = self.client().list_objects_v2(Bucket=self.at.bucket).get("Contents", [])
        return [item["Key"] for item in found]

    def empty(self) -> None:
        for key in self.keys():
            self.client().delete_object(Bucket=self.at.bucket, Key=key)

    def _wait(self) -> None:
        assert self._process is not None
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "out").read_text()[-2000:])
            try:
                requests.get(f"{self.at.endpoint}/", timeout=2)
                return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
        raise TimeoutError((self.folder / "out").read_text()[-2000:])
