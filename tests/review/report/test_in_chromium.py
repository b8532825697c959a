"""The page in a browser: nothing fetched, nothing complained of, nothing wider than the screen."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from db import datasets
from db.store.connection import Connection
from review.gate.policy import load_policy
from review.report import make_report, to_html
from tests.review.report.test_report import HOSTILE, lively

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
    "--virtual-time-budget=3000", "--enable-logging=stderr",
)  # fmt: skip

CONTROL = "http://control.invalid/"
"""Asked for by the frame around the page: seen in the log, so that a request of the page's would be seen as well."""

FRAME = """<!doctype html><title>frame</title><body><img src="{control}">
<iframe src="report.html" style="width:{width}px;height:900px"></iframe>
<script>console.log("hear me"); onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const wide = [...page.querySelectorAll("*")].filter(one => one.getBoundingClientRect().right > {width} + 1);
  const hidden = wide.filter(one => !one.closest(".wide, pre"));
  document.body.dataset.found = JSON.stringify({{
    width: page.documentElement.scrollWidth, outside: hidden.length, sections: page.querySelectorAll("section").length,
    plots: page.querySelectorAll("svg").length, scripts: page.querySelectorAll("script").length,
    ink: page.defaultView.getComputedStyle(page.body).fontSize}});
}}</script>"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_in_chromium(connection: Connection, tmp_path: Path, width: int) -> None:
    lively(connection)
    (tmp_path / "report.html").write_text(
        to_html(make_report(connection, datasets.all_datasets(connection), load_policy())), encoding="utf-8"
    )
    (tmp_path / "frame.html").write_text(FRAME.format(width=width, control=CONTROL))
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={tmp_path / 'net.json'}",
         "--dump-dom", (tmp_path / "frame.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert len(said) == 1, said
    assert "hear me" in said[0]
    found = json.loads(done.stdout.partition('data-found="')[2].partition('"')[0].replace("&quot;", '"'))
    assert found["width"] <= width
    assert (found["outside"], found["scripts"], found["sections"], found["ink"]) == (0, 0, 2, "16px")
    assert found["plots"] >= 8
    assert asked_for(tmp_path / "net.json") == {CONTROL}
    assert HOSTILE not in (tmp_path / "report.html").read_text(encoding="utf-8")


def asked_for(log: Path) -> set[str]:
    """What pages from files asked of the network; the browser's own questions belong to no page."""
    events = json.loads(log.read_text())["events"]
    asked = [event["params"] for event in events if isinstance(event.get("params"), dict)]
    return {
        params["url"]
        for params in asked
        if params.get("network_isolation_key", "").startswith("file:") and not params["url"].startswith("file:")
    }
