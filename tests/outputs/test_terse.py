"""Scripts and styles without the room their authors need: they still say the same."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.resources import files

import pytest

from msap_geo.outputs.page import terse

ASSETS = sorted(
    (
        one
        for one in (files("msap_geo.outputs.page") / "assets").iterdir()
        if not one.name.startswith("atlas")  # carried as written: it has template strings
    ),
    key=lambda one: one.name,
)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("var a = 1;  // le 1er\n  var b = 2;\n", "var a=1;var b=2;\n"),
        ("f(\"a  //  b\", 'c \\' d') ;", "f(\"a  //  b\",'c \\' d');\n"),
        ("return / a [ / ] b/g .test( x )", "return/ a [ / ] b/g.test(x)\n"),
        ("var r = (a / 2) / b; /* c */ x = /\\/ +/;", "var r=(a/2)/b;x=/\\/ +/;\n"),
        ("a + +b - -c + d", "a+ +b- -c+d\n"),
        ("return typeof x in y", "return typeof x in y\n"),
        ('x\u202f = "\u202fmin"', 'x="\u202fmin"\n'),
    ],
)
def test_room_goes_where_nothing_needs_it(text, short):
    assert terse.script(text) == short


def test_a_sheet_keeps_its_words():
    text = '/* a */\n.a , .b > i { color : red; content: " ; } "; }\n@media (min-width: 3px) { }\n'
    assert terse.sheet(text) == (
        '.a,.b>i{color : red;content:" ; } "}@media (min-width:3px){}\n'.replace(
            "color : ", "color :"
        )
    )


@pytest.mark.parametrize("asset", ASSETS, ids=lambda one: one.name)
def test_what_is_left_of_an_asset_is_whole(asset, tmp_path):
    text = asset.read_text(encoding="utf-8")
    if asset.name.endswith(".js"):
        short = terse.script(text)
        typed = re.sub(r"/\*\* @.*?\*/", "", text)
        without = re.sub(r"(?m)(^|;|\{)\s*//.*$", r"\1", typed)
        # Every character that is no room is still there, in order.
        assert re.sub(r"\s", "", short) == re.sub(r"\s", "", without)
        assert "`" not in text
        node = shutil.which("node")
        if node:
            path = tmp_path / "a.js"
            path.write_text(short, encoding="utf-8")
            done = subprocess.run([node, "--check", path], capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
    elif asset.name.endswith(".css"):
        short = terse.sheet(text)
        assert short.count("{") == text.count("{") == short.count("}")
