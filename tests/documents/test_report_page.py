"""The HTML report in a real browser, with the network cut: accessible, and narrow as a phone."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from support.pages import pytestmark as pytestmark  # noqa: PLC0414 - the marks of its tests
from support.pages import visit

from msap_geo import documents, study

SIZES = {"desktop": (1280, 900), "phone": (390, 800)}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rapport")
    result = study.run_study(study.sample_study())
    return documents.write_report(result, folder, formats=("html",))[0]


@pytest.mark.parametrize("size", SIZES)
def test_page_breaks_no_rule_of_accessibility(browser, page, size):
    visit(browser, page, size=SIZES[size])
    browser.execute_script((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(r => done(JSON.stringify(r.violations)))"
    )
    assert [(one["id"], one["help"]) for one in json.loads(found)] == []


@pytest.mark.parametrize("size", SIZES)
def test_page_is_never_wider_than_the_screen(browser, page, size):
    visit(browser, page, size=SIZES[size])
    wide, seen, broken = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth,"
        " Array.from(document.images).filter(i => !i.naturalWidth).length]"
    )
    assert wide <= seen
    assert broken == 0
