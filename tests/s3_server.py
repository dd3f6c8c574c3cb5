"""A real server of the S3 protocol on this machine, in a process of its own, objects in a folder of its own. It does not check keys."""

import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

KEY, SECRET = "school", "a-secret-of-the-tests"
BUCKET = "school-files"


@dataclass
class S3Server:
    """Use as a context manager; the bucket `BUCKET` is there. `url` is what `FILES_URL` takes."""

    folder: Path
    port: int = 0
    _process: Any = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/portal?endpoint={self.endpoint}&region=us-east-1"

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = self.folder / "data"
        data.mkdir()
        self._log = (self.folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "localbucket", "--port", str(self.port), str(data)],
            stdout=self._log,
            stderr=self._log,
        )
        self._wait()
        self.client().create_bucket(Bucket=BUCKET)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    def client(self) -> Any:
        """A client of its own, beside the portal's."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )

    def _wait(self) -> None:
        for _try in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            time.sleep(0.1)
        raise TimeoutError("the S3 server did not answer")
