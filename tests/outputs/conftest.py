"""The demonstration's page, written once for the tests that open it."""

from __future__ import annotations

import pytest
from support.pages import visit

from msap_geo.folder import write_study
from msap_geo.study import run_study, sample_study


@pytest.fixture(scope="session")
def demo():
    return run_study(sample_study())


@pytest.fixture(scope="session")
def demo_page(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_study(demo, folder)
    return folder / "carte.html"


@pytest.fixture
def page(browser, demo_page):
    """Open the demo anew, nothing chosen."""
    browser.get("about:blank")
    visit(browser, demo_page)
    return browser
