"""A toy part: says it is up, and notes in a file when it is asked to stop."""

import signal
import sys
import time
from pathlib import Path


def main(name: str, order: Path, kind: str) -> None:
    def asked(number: int, frame: object) -> None:
        with order.open("a") as file:
            file.write(f"{name}\n")
        if kind != "deaf":
            sys.exit(0)

    signal.signal(signal.SIGTERM, asked)
    if kind != "mute":
        print("up", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), (sys.argv[3:] or ["plain"])[0])
