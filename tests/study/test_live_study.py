"""A study whose roads are asked of OpenStreetMap: the same figures as from a file, and told."""

from __future__ import annotations

import json

import pytest
from support.commands import failed, run
from support.misbehaving_server import serving, status
from support.overpass import PATH, World
from support.toy import degrees

from msap_geo import loaders
from msap_geo.cli import main
from msap_geo.errors import SourceError, StudyError
from msap_geo.folder import write_study
from msap_geo.sources import Limits, live_roads, overpass
from msap_geo.study import audit_study, read_study, run_study

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

FILES = 'noeuds = "noeuds.csv"\nliens = "liens.csv"\n'
LIVE = (FILES, 'source = "osm"\n')


def town():
    """Return the road of toy town as OpenStreetMap would have it."""
    nodes = {i + 1: (*degrees(i), {}) for i in range(6)}
    return World(nodes, {7: (tuple(nodes), {"highway": "primary"})})


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loaders, "BORDER_KM", 5.0)  # a dozen questions instead of sixty
    with serving() as running:
        running.answers[PATH] = town()
        monkeypatch.setenv(overpass.SERVER, running.url("/api"))
        yield running


@pytest.mark.slow
def test_the_same_study_as_from_a_file(server, toy_study):
    town().write(toy_study.folder / "carte.osm")
    toy_study.configure((FILES, 'source = "carte.osm"\n'))
    expected = run_study(read_study(toy_study.path))
    said = []
    toy_study.configure(LIVE)
    result = run_study(read_study(toy_study.path), progress=said.append)
    assert result.access.equals(expected.access)
    assert result.access["minutes"].notna().all()
    asked = server.answers[PATH].queries
    assert len(set(asked)) == len(asked) > 6
    assert any("carré 1 sur" in line for line in said)

    folder = toy_study.folder / "sortie"
    write_study(result, folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (roads,) = [one for one in manifest["entrees"] if one["role"] == "reseau"]
    assert (roads["fichier"], roads["millesime"]) == ("osm", "27/11/2026")
    assert manifest["parametres"]["reseau"]["source"] == ["osm"]
    assert "osm" not in manifest["parametres"]
    told = json.dumps(manifest["citation"], ensure_ascii=False)
    assert "ODbL" in told
    page = (folder / "carte.html").read_text(encoding="utf-8")
    assert "27/11/2026" in page

    # The server is gone: what is kept answers.
    server.answers.clear()
    again = run_study(read_study(toy_study.path))
    assert again.access.equals(result.access)
    assert len(server.answers) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_an_audit_reads_them_as_a_run_does(toy_study):
    toy_study.configure(LIVE)
    found = audit_study(read_study(toy_study.path))
    (roads,) = [one for one in found.files if one.role == "reseau"]
    assert (roads.file, roads.vintage, roads.read) == ("osm", "27/11/2026", 2)
    assert not [one for one in found.findings if one.severity == "bloquant"]
    # A kept square edited since is asked again, and told.
    (folder,) = (toy_study.folder / "cache" / "osm").iterdir()
    square = next(path for path in folder.glob("*N*E.osm.pbf") if path.stat().st_size > 0)
    square.write_bytes(square.read_bytes() + b"\0")
    told = audit_study(read_study(toy_study.path)).findings
    assert "osm-carre-abime" in [one.code for one in told]


@pytest.mark.slow
def test_a_refusal_is_a_finding_and_the_rest_is_read(server, toy_study, monkeypatch):
    impatient(monkeypatch)
    server.answers[PATH] = status(429)
    toy_study.configure(LIVE)
    found = audit_study(read_study(toy_study.path))
    (refused,) = [one for one in found.findings if one.severity == "bloquant"]
    assert (refused.code, refused.file) == ("fichier-inutilisable", "osm")
    assert "429" in refused.sentence
    assert {"communes", "maisons", "la_poste"} <= {one.role for one in found.files}
    with pytest.raises(SourceError, match="429"):
        run_study(read_study(toy_study.path))


def impatient(monkeypatch):
    quick = Limits(silence_s=2.0, tries=1, wait_s=0.01)
    defaults = live_roads.fetch_roads.__kwdefaults__
    monkeypatch.setitem(defaults, "limits", quick)


def test_a_server_that_knows_another_country(server, toy_study):
    server.answers[PATH] = World({}, {})
    toy_study.configure(LIVE)
    with pytest.raises(SourceError, match="vide, là où l'étude a des communes"):
        run_study(read_study(toy_study.path))


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_the_screen_says_of_when_they_are_and_how_to_renew_them(toy_study, capsys):
    toy_study.configure(LIVE)
    folder = str(toy_study.folder / "dehors")
    asked = ["lancer", str(toy_study.path), "--sortie", folder]
    for more, said in (
        ("", "gardées : [reseau] age_max_jours = 30"),
        ("age_max_jours = 7\n", "redemandées au-delà de 7 jours"),
    ):
        toy_study.configure((FILES, LIVE[1] + more))
        with pytest.raises(SystemExit, match=r"^0$"):
            main(asked)
        told = capsys.readouterr().out
        assert "routes d'OpenStreetMap du 27/11/2026 (" in told
        assert said in told.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (FILES + "age_max_jours = 30\n", "ne se choisit que pour celles"),
        ('source = ["osm", "carte.osm"]\n', "ne se joignent pas"),
        ('source = "osm"\n' + FILES, "donné comme il faut"),
    ],
)
def test_what_does_not_go_with_them(toy_study, written, said):
    toy_study.configure((FILES, written))
    with pytest.raises(StudyError, match=said):
        read_study(toy_study.path)


def test_the_map_file_is_no_key(toy_study):
    text = toy_study.path.read_text(encoding="utf-8")
    toy_study.path.write_text('osm = "carte.osm"\n' + text, encoding="utf-8")
    with pytest.raises(StudyError, match="clé inconnue : osm"):
        read_study(toy_study.path)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_the_command_line_says_that_the_server_cannot_be_reached(toy_study, monkeypatch):
    monkeypatch.setenv("MSAP_GEO_OVERPASS", "nulle part")
    toy_study.configure(LIVE)
    failed(run("lancer", toy_study.path), "MSAP_GEO_OVERPASS", code=4)
