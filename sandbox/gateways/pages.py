"""The pages that a payer sees at a gateway: plain forms, which a test can fill in as a browser does."""

from collections.abc import Mapping, Sequence
from html import escape

from sandbox.gateways.mount import Answer

STYLE = (
    "body{font:16px system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1c2430}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1.2rem}dt{color:#5b6472}dd{margin:0}"
    "button{font:inherit;padding:.6rem 1rem;margin:.3rem .4rem 0 0;border:1px solid #1c2430;border-radius:.4rem;"
    "background:#fff;cursor:pointer}input,select{font:inherit;padding:.5rem;width:100%;margin:.3rem 0}"
)


def page(title: str, facts: Mapping[str, str], forms: Sequence[str] = (), status: int = 200) -> Answer:
    """A page with facts (name to value) and forms (made by ``form``)."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    html = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><dl>{rows}</dl>{''.join(forms)}"
        f"<p><small>A simulator: no money moves outside it.</small></p></html>"
    )
    return Answer(html.encode(), status)


def form(action: str, buttons: Mapping[str, str], fields: str = "") -> str:
    """A form that posts ``do=<value>`` by one button for each value; ``fields`` is HTML of ours."""
    pressed = "".join(
        f"<button name=do value='{escape(value, quote=True)}'>{escape(text)}</button>"
        for value, text in buttons.items()
    )
    return f"<form method=post action='{escape(action, quote=True)}'>{fields}{pressed}</form>"


def choice(name: str, options: Mapping[str, str]) -> str:
    """A select field: value to what is shown."""
    rows = "".join(
        f"<option value='{escape(value, quote=True)}'>{escape(text)}</option>"
        for value, text in options.items()
    )
    return f"<select name='{escape(name, quote=True)}'>{rows}</select>"


def redirect(url: str) -> Answer:
    """Send the browser on."""
    return Answer(b"", 303, {"Location": url})
