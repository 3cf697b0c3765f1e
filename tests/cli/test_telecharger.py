"""``telecharger`` as a process, against a mirror of toy town and its neighbours."""

from __future__ import annotations

import json
import os

import geopandas as gpd
import osmium
import pytest
import shapely
from support.commands import failed, run
from support.misbehaving_server import serving, status
from support.toy import CODES, PEOPLE, STEP, X0, Y0, StudyFolder, degrees

from msap_geo import loaders, network, sources
from msap_geo.errors import OutputError, SourceError, StudyError, TerritoryError
from msap_geo.sources.download import Limits
from msap_geo.study import audit_study, prepare_study, read_study, run_study
from msap_geo.territory import DEPARTEMENTS

BORDER = ("35", "49", "50", "61", "72")
EXTRACTS = ("basse-normandie", "bretagne", "pays-de-la-loire")
QUICK = Limits(tries=1, wait_s=0.01)


def outline(code, index, rank=0):
    south = Y0 + STEP * rank
    square = shapely.box(X0 + STEP * index, south, X0 + STEP * (index + 1), south + STEP)
    return {"code_insee": code, "nom": f"Commune {code}", "geometry": square}


def contours(rows):
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=2154).to_crs(4326)
    return table.rename(columns={"code_insee": "code"}).to_json().encode()


def extract_of_roads(path, nodes, roads, *, base=1):
    """Write an OSM PBF: toy town's road between the nodes given, 80 km/h posted (64 driven)."""
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for index in nodes:
        writer.add_node(osmium.osm.mutable.Node(id=base + index, location=degrees(index)))
    for number, refs in roads:
        tags = {"highway": "primary", "maxspeed": "80"}
        writer.add_way(
            osmium.osm.mutable.Way(id=number, nodes=[base + ref for ref in refs], tags=tags)
        )
    writer.close()
    return path.read_bytes()


def shelf_of(folder):
    """Fill a folder with what the official servers would send for the Mayenne of toy town."""
    folder.mkdir()
    toy = StudyFolder(folder).write()
    places = [degrees(i) for i in range(6)]
    communes = [
        {
            "code": code,
            "nom": f"Commune {code}",
            "population": people,
            "mairie": {"type": "Point", "coordinates": list(place)},
            "centre": {"type": "Point", "coordinates": [place[0] + 0.001, place[1]]},
        }
        for code, people, place in zip(CODES, PEOPLE, places, strict=True)
    ]
    communes[5]["mairie"] = communes[5]["centre"]  # the API's way of not knowing
    communes[0]["anciensCodes"] = ["53998"]
    former = [{"code": "53999", "nom": "Vieux", "type": "commune-deleguee", "chefLieu": CODES[0]}]
    files = {
        "communes-53.geojson": contours([outline(code, i) for i, code in enumerate(CODES)]),
        "communes-france.json": json.dumps(communes).encode(),
        "communes-associees-deleguees.json": json.dumps(former).encode(),
        "liste-france-services.csv": (folder / "maisons.csv").read_bytes(),
        "laposte-poincont.csv": (folder / "la_poste.csv").read_bytes(),
        # The road is cut in two at C; both extracts hold whole the piece that crosses.
        "pays-de-la-loire.osm.pbf": extract_of_roads(
            folder / "o.osm.pbf", [0, 1, 2, 3], [(1, [0, 1, 2]), (2, [2, 3])]
        ),
        "bretagne.osm.pbf": extract_of_roads(
            folder / "o.osm.pbf", [2, 3, 4, 5], [(2, [2, 3]), (3, [3, 4, 5])]
        ),
        "basse-normandie.osm.pbf": extract_of_roads(
            folder / "o.osm.pbf", [0, 1], [(9, [0, 1])], base=100
        ),
        **{
            f"communes-{code}.geojson": contours([outline(f"{code}001", i, rank=2)])
            for i, code in enumerate(BORDER)
        },
    }
    for path in (*folder.iterdir(), toy.path):
        path.unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sorted(files)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MSAP_GEO_MIROIR", str(tmp_path / "etagere"))
    shelf_of(tmp_path / "etagere")
    return tmp_path / "etagere"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """The same over HTTP."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    session_cache = os.environ["MSAP_GEO_CACHE"]
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    shelf_of(tmp_path / "etagere")
    with serving() as server:
        server.session_cache = session_cache
        server.answers = {
            f"/{path.name}": path.read_bytes() for path in (tmp_path / "etagere").iterdir()
        }
        monkeypatch.setenv("MSAP_GEO_MIROIR", server.url())
        yield server


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestProcess:
    def test_from_nothing_to_the_map(self, mirror, tmp_path, monkeypatch):
        first = run("telecharger", "53", "--dossier", "donnees", cwd=tmp_path)
        assert first.returncode == 0, first.stderr
        assert first.stderr == ""  # no bar where there is no terminal
        assert "Départements 53 ; voisins : 35, 49, 50, 61, 72" in first.stdout
        assert "Étude prête : donnees" in first.stdout
        folder = tmp_path / "donnees"
        assert len(mirror.requests) == len(set(mirror.requests)) == 13
        study = read_study(folder / "etude.toml")
        assert study.departements == ("53",)
        assert study.etude.nom == "Mayenne"
        for paths in study.inputs().values():
            for path in paths:
                assert study.path(path).is_file()
                assert (folder / f"{path.name}.source.json").is_file()
        assert study.vintage("maisons").startswith("téléchargé le ")

        monkeypatch.setenv("MSAP_GEO_CACHE", mirror.session_cache)  # holds the compiled kernels
        ran = run("lancer", folder / "etude.toml", "--sortie", "sortie", "--json", cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        summary = json.loads(ran.stdout)
        # 9.4 min from one commune to the next at 64 km/h: A, B, C within 20 min, D within 30.
        assert summary["population"] == sum(PEOPLE)
        assert summary["seuils"]["20"]["population_couverte"] == 600
        assert summary["seuils"]["30"]["population_couverte"] == 1000
        assert not summary["temps_estimes"]

        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        again = run("telecharger", "53", "--dossier", "donnees", "--json", cwd=tmp_path)
        told = json.loads(again.stdout)
        assert again.stderr == ""
        assert {entry["origine"] for entry in told["fichiers"]} == {"déjà là"}
        assert told["etude_gardee"]
        assert len(mirror.requests) == 13

    def test_a_source_out_of_reach_exits_4_and_writes_nothing(self, mirror, tmp_path):
        mirror.answers["/laposte-poincont.csv"] = status(404)
        process = run("telecharger", "53", cwd=tmp_path)
        failed(
            process,
            "Points de contact",
            "(la-poste-points)",
            "404",
            mirror.url("/laposte-poincont.csv"),
            "HTTPS_PROXY",
            "MSAP_GEO_MIROIR",
            "https://data.laposte.fr/datasets/laposte-poincont2",
            "donnees/laposte-poincont.csv",
            code=4,
        )
        assert not (tmp_path / "donnees").exists()
        # What came before stays in the cache: the next attempt asks for the rest only.
        mirror.answers["/laposte-poincont.csv"] = (
            tmp_path / "etagere" / "laposte-poincont.csv"
        ).read_bytes()
        asked = len(mirror.requests)
        assert run("telecharger", "53", cwd=tmp_path).returncode == 0
        assert "/communes-53.geojson" not in mirror.requests[asked:]

    @pytest.mark.parametrize(
        ("arguments", "said", "code"),
        [
            (["99"], "département inconnu : 99", 1),
            (["53", "974"], "même projection", 1),
            ([], "il manque : DEPARTEMENT", 2),
            (["53", "--avec", "nope"], "source inconnue « nope »", 2),
        ],
    )
    def test_mistakes_are_told_before_anything_is_fetched(
        self, mirror, tmp_path, arguments, said, code
    ):
        failed(run("telecharger", *arguments, cwd=tmp_path), said, code=code)
        assert mirror.requests == []


class TestPrepare:
    def test_forms_derived_are_those_the_loaders_read(self, shelf, tmp_path):
        assert shelf.is_dir()
        prepared = prepare_study(["53"], tmp_path / "d", limits=QUICK)
        assert prepared.border == BORDER
        cog, mairies = prepared.derived
        codes = loaders.commune_codes(loaders.read_records(cog))
        assert codes.successors == {"53998": CODES[0], "53999": CODES[0]}
        people = loaders.load_population(cog).table
        assert dict(zip(people["code_insee"], people["population"], strict=True)) == dict(
            zip(CODES, PEOPLE, strict=True)
        )
        halls = loaders.load_mairies([mairies]).table
        assert list(halls["code_insee"]) == CODES[:5]  # the sixth is only a centre
        told = json.loads((tmp_path / "d" / "mairies.csv.source.json").read_text("utf-8"))
        assert [entry["source"] for entry in told["fait_a_partir_de"]] == ["communes-france"]

    def test_arrondissements_lead_to_their_commune(self, shelf, tmp_path):
        path = shelf / "communes-france.json"
        records = json.loads(path.read_bytes())
        records += [
            {"code": code, "nom": name, "population": 1, "mairie": None}
            for code, name in (("75056", "Paris"), ("69123", "Lyon"), ("13055", "Marseille"))
        ]
        path.write_text(json.dumps(records), encoding="utf-8")
        prepared = prepare_study(["53"], tmp_path / "d", limits=QUICK)
        codes = loaders.commune_codes(loaders.read_records(prepared.derived[0]))
        assert codes.successors["75120"] == "75056"
        assert codes.successors["69389"] == "69123"
        assert codes.successors["13216"] == "13055"
        assert sum(code in {"75056", "69123", "13055"} for code in codes.successors.values()) == 45

    def test_a_study_of_ones_own_is_never_rewritten(self, shelf, tmp_path):
        assert shelf.is_dir()
        folder = tmp_path / "d"
        prepare_study(["53"], folder, limits=QUICK)
        study = folder / "etude.toml"
        mine = study.read_text("utf-8").replace("[20, 30]", "[15, 25]")
        study.write_text(mine, encoding="utf-8")
        assert prepare_study(["53"], folder, force=True, limits=QUICK).kept
        assert study.read_text("utf-8") == mine
        with pytest.raises(StudyError, match=r"autres départements \(53\).*--dossier"):
            prepare_study(["72"], folder, limits=QUICK)

    @pytest.mark.usefixtures("shelf")
    def test_a_file_edited_in_one_study_changes_no_other_and_is_told(self, tmp_path):
        first, second = (prepare_study(["53"], tmp_path / name, limits=QUICK) for name in "ab")
        lists = [each.study.parent / "liste-france-services.csv" for each in (first, second)]
        before = lists[1].read_bytes()
        with lists[0].open("ab") as stream:
            stream.write(before.splitlines(keepends=True)[1].replace(b"1", b"7", 1))
        cog = first.study.parent / "communes-cog.json"
        cog.write_text(cog.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        assert lists[1].read_bytes() == before
        told = [audit_study(read_study(each.study)).findings for each in (first, second)]
        changed = [[f.file for f in each if f.code == "fichier-change"] for each in told]
        assert sorted(changed[0]) == ["communes-cog.json", "liste-france-services.csv"]
        assert changed[1] == []
        result = run_study(read_study(first.study))
        assert [a.file for a in result.anomalies if a.code == "fichier-change"] == [
            "communes-cog.json",
            "liste-france-services.csv",
        ]

    def test_forcing_replaces_the_files(self, shelf, tmp_path):
        folder = tmp_path / "d"
        prepare_study(["53"], folder, limits=QUICK)
        changed = (shelf / "laposte-poincont.csv").read_bytes() + b"\n"
        (shelf / "laposte-poincont.csv").write_bytes(changed)
        prepare_study(["53"], folder, limits=QUICK)
        assert (folder / "laposte-poincont.csv").read_bytes() != changed
        prepare_study(["53"], folder, force=True, limits=QUICK)
        assert (folder / "laposte-poincont.csv").read_bytes() == changed

    def test_further_datasets_come_too_and_archives_are_opened(self, shelf, tmp_path):
        import zipfile  # noqa: PLC0415

        name = sources.source("bpe").file_name()
        with zipfile.ZipFile(shelf / name, "w") as archive:
            archive.writestr("BPE25.csv", "DEPCOM;TYPEQU\n53001;A101\n")
        prepared = prepare_study(["53"], tmp_path / "d", extra=["bpe", "bpe"], limits=QUICK)
        assert [file.path.name for file in prepared.files][-1] == name
        assert (tmp_path / "d" / name.removesuffix(".zip") / "BPE25.csv").is_file()

    def test_an_archive_that_would_leave_spoils_everything(self, shelf, tmp_path):
        import zipfile  # noqa: PLC0415

        with zipfile.ZipFile(shelf / sources.source("bpe").file_name(), "w") as archive:
            archive.writestr("../BPE25.csv", "x")
        with pytest.raises(SourceError, match="sortirait"):
            prepare_study(["53"], tmp_path / "d", extra=["bpe"], limits=QUICK)
        assert not (tmp_path / "d").exists()

    def test_where_no_road_is_published_times_are_estimated(self, shelf, tmp_path):
        (shelf / "communes-975.geojson").write_bytes((shelf / "communes-53.geojson").read_bytes())
        prepared = prepare_study(["975"], tmp_path / "d", limits=QUICK)
        study = read_study(prepared.study)
        assert study.reseau.profil == network.ESTIMATED
        assert "reseau" not in study.inputs()

    def test_a_folder_that_cannot_be_written_is_said(self, shelf, tmp_path):
        assert shelf.is_dir()
        (tmp_path / "d").write_bytes(b"")
        with pytest.raises(OutputError, match="--dossier"):
            prepare_study(["53"], tmp_path / "d", limits=QUICK)

    def test_every_departement_has_a_study(self, shelf, tmp_path):
        """The text is TOML that reads back, whatever the names (Côte-d'Or, Val-d'Oise…)."""
        for code in DEPARTEMENTS:
            for other in (code, *sources.border([code])):
                target = shelf / f"communes-{other}.geojson"
                if not target.exists():
                    target.write_bytes((shelf / "communes-53.geojson").read_bytes())
        for name in sources.extracts(DEPARTEMENTS):
            if not (shelf / f"{name}.osm.pbf").exists():
                (shelf / f"{name}.osm.pbf").write_bytes((shelf / "bretagne.osm.pbf").read_bytes())
        for code, name in DEPARTEMENTS.items():
            prepared = prepare_study([code], tmp_path / code, limits=QUICK)
            assert read_study(prepared.study).etude.nom == name

    def test_departements_of_two_projections_are_refused(self, tmp_path):
        with pytest.raises(TerritoryError):
            prepare_study(["53", "971"], tmp_path)

    def test_a_study_names_one_or_several(self, shelf, tmp_path):
        assert shelf.is_dir()
        prepared = prepare_study(["53"], tmp_path / "d", limits=QUICK)
        study = read_study(prepared.study)
        assert [path.name for path in study.inputs()["reseau"]] == [
            f"{name}.osm.pbf" for name in EXTRACTS
        ]
        text = prepared.study.read_text("utf-8")
        start, end = text.index("source = ["), text.index("]", text.index("source = [")) + 1
        prepared.study.write_text(text[:start] + 'source = "a.pbf"' + text[end:], encoding="utf-8")
        assert [p.name for p in read_study(prepared.study).inputs()["reseau"]] == ["a.pbf"]
