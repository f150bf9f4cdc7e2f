"""Pictures of the running product, made by a real browser: `make pictures`.

Starts a run of its own in .run-pictures, lets the demo live for a minute, takes each page, and stops it. Not part of
the product's environment: playwright lives in .venv-pictures, the browser is the system's (CHROMIUM).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
INTO = ROOT / "docs/pictures"
PORTS = {
    "WEB_PORT": "8950",
    "FLOWER_PORT": "5950",
    "SOLANA_PORT": "9950",
    "GATEWAYS_PORT": "9960",
}  # from there on, as far as they are free
LIVES_SECONDS = 75
SIZE = {"width": 1480, "height": 860}


def main() -> int:
    """Start, take every picture, stop; returns the exit code."""
    run_dir = ROOT / ".run-pictures"
    env = {**os.environ, **PORTS, "RUN_DIR": str(run_dir)}
    python = str(ROOT / ".venv/bin/python")
    run = subprocess.Popen(
        [python, "-m", "sandbox.run"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        web, password, flower, flower_password = _told(run)
        time.sleep(LIVES_SECONDS)
        INTO.mkdir(exist_ok=True)
        with sync_playwright() as browsers:
            browser = browsers.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
            _admin(browser.new_page(viewport=SIZE), web, password)
            _docs(browser.new_page(viewport=SIZE), web)
            login = {"username": "operator", "password": flower_password}
            _flower(browser.new_context(http_credentials=login, viewport=SIZE).new_page(), flower)
            browser.close()
        subprocess.run([python, "-m", "sandbox.demo", "picture", "docs/live-table.svg"], cwd=ROOT, check=True,
                       env=env)  # fmt: skip
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(30)
    return 0


def _told(run: subprocess.Popen[str]) -> tuple[str, str, str, str]:
    """What the run prints when it is up: where the admin is and its password, where Flower is and its own."""
    assert run.stdout is not None
    said = ""
    for line in run.stdout:
        said += line
        found = re.findall(r"(http://[\d.:]+)\S*\s+operator / (\S+)", said)
        if len(found) == 2:
            return (*found[0], *found[1])
    raise SystemExit(said)


def _admin(page: Page, web: str, password: str) -> None:
    page.goto(f"{web}/admin/")
    page.fill("#id_username", "operator")
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    _take(page, "today")
    for name, path in (("payments", "payments/payment"), ("subscriptions", "billing/subscription")):
        page.goto(f"{web}/admin/{path}/")
        _take(page, name)
    page.goto(f"{web}/admin/payments/payment/?state=failed")
    row = page.locator("#result_list a[href*='/admin/payments/payment/']").first
    page.goto(web + str(row.get_attribute("href")))
    _take(page, "payment")


def _docs(page: Page, web: str) -> None:
    page.goto(f"{web}/api/docs")
    page.wait_for_selector(".opblock")
    _take(page, "api")


def _flower(page: Page, flower: str) -> None:
    page.goto(f"{flower}/tasks")
    _take(page, "flower")


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=INTO / f"{name}.png")
    print(f"docs/pictures/{name}.png", flush=True)


if __name__ == "__main__":
    sys.exit(main())
