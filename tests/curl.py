"""curl, or where a machine has none, as much of it as our documents and the sources' crontab lines use.

A fresh machine has Python, make and a package index, nothing else; the tests read those lines to a shell all the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import requests


def path(folder: Path) -> str:
    """A PATH on which there is a curl: the machine's own, else this file as one, written into `folder`."""
    found = os.environ["PATH"]
    return found if shutil.which("curl") else f"{written(folder)}{os.pathsep}{found}"


def written(folder: Path) -> Path:
    """`folder`, with this file in it as a command named curl."""
    command = folder / "curl"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "$@"\n')
    command.chmod(0o755)
    return folder


def main(words: list[str]) -> int:
    """Make the call that `words` ask for; writes where they say. An error status is an answer, as for curl."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-o", dest="body_to", default="-")
    parser.add_argument("-D", dest="head_to", default=os.devnull)
    parser.add_argument("-i", action="store_true")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-S", action="store_true")
    parser.add_argument("url")
    asked = parser.parse_args(words)
    method = asked.method or ("GET" if asked.data is None else "POST")
    headers = dict(line.split(": ", 1) for line in asked.headers)
    answer = requests.request(
        method, asked.url, headers=headers, data=asked.data, timeout=60, allow_redirects=False
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    told = f"HTTP/1.1 {answer.status_code} {answer.reason}\r\n{head}\r\n".encode()
    _write(asked.head_to, told)
    if asked.i:
        _write(asked.body_to, told)
    _write(asked.body_to, answer.content)
    return 0


def _write(name: str, what: bytes) -> None:
    if name == "-":
        sys.stdout.buffer.write(what)
        sys.stdout.flush()
    else:
        Path(name).write_bytes(what)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
