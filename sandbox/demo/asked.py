"""What CYCLES asks for. Checked before anything is started."""

import re
from collections.abc import Mapping


def wanted(environ: Mapping[str, str]) -> int:
    """CYCLES, 0 where it is not set. Raises SystemExit with a sentence for what is no whole number above 0."""
    given = environ.get("CYCLES", "").strip()
    if not given:
        return 0
    if not re.fullmatch(r"[1-9]\d{0,3}", given):
        raise SystemExit(f"✗ CYCLES={given} is no whole number from 1 to 9999")
    return int(given)
