"""A real Chromium with the network cut, and what a page shows in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from selenium import webdriver as selenium

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


PICTURES = Path(__file__).parents[2] / "build" / "captures"


pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,  # the driver is spoken to over localhost
    pytest.mark.xdist_group("browser"),
]


def open_chromium(profile):
    """Start a Chromium of one's own; the test is skipped where there is none (never in CI)."""
    if not (CHROMIUM and DRIVER):
        if os.environ.get("CI"):
            pytest.fail("Chromium et son pilote doivent être installés en intégration continue")
        pytest.skip("Chromium ou chromedriver n'est pas installé")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))


def visit(browser, page, *, size=(1440, 900)):
    """Open a page; it must log no error and ask for nothing but itself."""
    # Headless Chromium refuses windows as narrow as a phone's.
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(page.as_uri())
    errors = [entry["message"] for entry in browser.get_log("browser")]
    assert errors == []
    asked = [
        line["message"].split('"url":"')[1].split('"')[0]
        for line in browser.get_log("performance")
        if '"Network.requestWillBeSent"' in line["message"]
    ]
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    assert outside == []


def popups(browser):
    """Text of the popups, read in one go: one that fades out is gone between two questions."""
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-fiche'), e => e.textContent)"
    )


def picture(browser, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(PICTURES / f"{name}.png"))
