"""One measurement in a process of its own, on a database of its own: `python -m benchmarks.child drain OUT`.

The size comes as JSON on stdin, the figures go as JSON to OUT.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import django

MEASURES = ("drain", "settle", "pulls", "memory", "million", "hot", "api", "inbox", "latency")
WORLDS = {
    "pulls": "chain",
    "latency": "gateways",
}  # whom it needs outside, before Django reads the environment


def main(name: str, out: str) -> None:
    size = json.loads(sys.stdin.read())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if name not in MEASURES:
        raise SystemExit(f"no measurement {name!r}")
    world = import_module(f"benchmarks.{WORLDS[name]}").open_world(size) if name in WORLDS else None
    try:
        django.setup()
        measure = import_module(f"benchmarks.{name}").measure
        found = measure(size, world) if world else measure(size)
    finally:
        if world:
            world.stop()
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
