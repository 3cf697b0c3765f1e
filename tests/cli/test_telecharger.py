"""``telecharger`` as a process, against a mirror of toy town and its neighbours."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import struct
import sys
from urllib.parse import unquote, urlsplit

import geopandas as gpd
import osmium
import pandas as pd
import pytest
import shapely
from support.commands import failed, run
from support.misbehaving_server import gzipped, serving, status, truncated, unmeasured
from support.toy import CODES, PEOPLE, STEP, X0, Y0, StudyFolder, degrees

from msap_geo import loaders, network, sources
from msap_geo.cli import main
from msap_geo.errors import OutputError, SourceError, StudyError, TerritoryError
from msap_geo.sources.patience import Limits
from msap_geo.study import audit_study, prepare_study, read_study, run_study
from msap_geo.territory import DEPARTEMENTS

BORDER = ("35", "49", "50", "61", "72")
EXTRACTS = ("basse-normandie", "bretagne", "pays-de-la-loire")
QUICK = Limits(tries=1, wait_s=0.01)
PATIENT = Limits(tries=4, wait_s=0.01)


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
    @pytest.mark.slow
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

    @pytest.mark.slow
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

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("arguments", "said", "code"),
        [
            (["99"], "département inconnu : 99", 1),
            (["53", "974"], "même projection", 1),
            ([], "il manque : DEPARTEMENT", 2),
            (["53", "--avec", "nope"], "source inconnue « nope »", 2),
            (["53", "--avec", "bpee"], "« bpee » (vouliez-vous dire « bpe » ?)", 2),
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

    @pytest.mark.slow
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

    @pytest.mark.slow
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


class TestLight:
    """The roads of each département instead of those of whole old régions."""

    def roads(self, shelf):
        for code in ("53", *BORDER):
            (shelf / f"osm-{code}.osm.pbf").write_bytes((shelf / "bretagne.osm.pbf").read_bytes())

    def test_each_departement_brings_its_own(self, shelf, tmp_path):
        self.roads(shelf)
        prepared = prepare_study(["53"], tmp_path / "d", light=True, limits=QUICK)
        names = [path.name for path in read_study(prepared.study).inputs()["reseau"]]
        assert names == [f"osm-{code}.osm.pbf" for code in ("53", *BORDER)]
        assert "openstreetmap" not in {file.source.id for file in prepared.files}
        assert "Départements de l'étude" in prepared.study.read_text("utf-8")

    def test_islands_keep_the_extract_that_is_light_already(self, shelf, tmp_path):
        for code in ("2A", "2B", "974"):
            target = shelf / f"communes-{code}.geojson"
            target.write_bytes((shelf / "communes-53.geojson").read_bytes())
        for name in ("corse", "reunion"):
            (shelf / f"{name}.osm.pbf").write_bytes((shelf / "bretagne.osm.pbf").read_bytes())
        for code, name in (("2A", "corse"), ("974", "reunion")):
            prepared = prepare_study([code], tmp_path / code, light=True, limits=QUICK)
            inputs = read_study(prepared.study).inputs()
            assert [path.name for path in inputs["reseau"]] == [f"{name}.osm.pbf"]

    def test_it_is_an_option_of_the_command(self, shelf, tmp_path, capsys):
        self.roads(shelf)
        with pytest.raises(SystemExit) as left:
            main(["telecharger", "53", "--leger", "--dossier", str(tmp_path / "d")])
        assert left.value.code == 0
        assert "osm-53.osm.pbf" in capsys.readouterr().out


SEVEN = b"7z\xbc\xaf\x27\x1c\x00\x04crc." + struct.pack("<QQ", 3, 2) + b"crc.abcde"


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestOfficialForms:
    """Every form the official servers answer in, 403 and cut bodies included."""

    @pytest.fixture
    def official(self, tmp_path, monkeypatch):
        """A server with the addresses of the registry, in place of the official ones."""
        for name in ("http_proxy", "HTTP_PROXY", "MSAP_GEO_MIROIR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        folder = tmp_path / "etagere"
        shelf_of(folder)
        with serving() as server:
            registry = {
                known.id: known.model_copy(update={"url": known.url and self.ours(known, server)})
                for known in sources.registry().values()
            }
            module = sys.modules["msap_geo.sources.registry"]
            monkeypatch.setattr(module, "registry", lambda: registry)
            server.answers = self.answers(folder, server)
            yield server

    def ours(self, source, server):
        parts = urlsplit(source.url)
        query = f"?{parts.query}" if parts.query else ""
        return server.url(f"/{source.id}{parts.path}{query}")

    def answers(self, folder, server):
        def path(name, **of):
            address = urlsplit(sources.source(name).address(**of))
            return unquote(address.path + (f"?{address.query}" if address.query else ""))

        held = {each.name: each.read_bytes() for each in folder.iterdir()}
        poste = list(csv.DictReader(io.StringIO(held["laposte-poincont.csv"].decode())))
        lines = path("la-poste-points")
        maisons = held["liste-france-services.csv"]
        long = pd.DataFrame(
            [("COM", code, "POP", 2023, people) for code, people in zip(CODES, PEOPLE, strict=True)]
            + [("COM", code, "MED_SL", 2023, 20_000) for code in CODES],
            columns=["GEO_OBJECT", "GEO", "TAB_MEASURE", "TIME_PERIOD", "OBS_VALUE"],
        )
        parquet = io.BytesIO()
        long.to_parquet(parquet)
        comparator = parquet.getvalue()
        pbf = extract_of_roads(folder / "tout.osm.pbf", range(6), [(1, [0, 1, 2, 3, 4, 5])])
        stop = {"type": "Feature", "geometry": None, "properties": {"dataset_title": "Cars"}}
        stops = json.dumps({"type": "FeatureCollection", "features": [stop]}).encode()
        feeds = [{"title": "Cars", "resources": [{"format": "GTFS", "url": "https://c/g.zip"}]}]
        md5 = hashlib.md5(SEVEN, usedforsecurity=False).hexdigest()
        entry = f'<entry><link href="/bd.7z" length="{len(SEVEN)}"/><x:md5>{md5}</x:md5></entry>'
        directory = {"service": [{"nom": "Mairie", "pivot": [], "adresse": []}]}
        around = ("53", *BORDER)
        return {
            **{
                path("communes-contours", departement=code): gzipped(
                    held[f"communes-{code}.geojson"]
                )
                for code in around
            },
            # Refused, then cut without a length, then whole.
            path("communes-france"): [
                status(403),
                truncated(held["communes-france.json"][:-40], len(held["communes-france.json"])),
                held["communes-france.json"],
            ],
            path("communes-associees-deleguees"): held["communes-associees-deleguees.json"],
            path("france-services"): json.dumps(
                {
                    "resources": [
                        {
                            "title": "Liste des structures", "format": "csv",
                            "latest": server.url("/fs.csv"), "last_modified": "2026-09-01",
                        }
                    ]
                }
            ).encode(),
            "/fs.csv": [truncated(maisons[:200], len(maisons)), maisons],
            lines: json.dumps(
                {"total": len(poste), "results": poste[:1], "next": server.url("/suite?after=1")}
            ).encode(),
            "/suite?after=1": json.dumps({"total": len(poste), "results": poste[1:]}).encode(),
            **{
                path("openstreetmap-departement", departement=code): [
                    unmeasured(pbf[: len(pbf) // 2]),
                    unmeasured(pbf),
                ]
                for code in around
            },
            path("comparateur-territoires"): [
                status(403),
                unmeasured(comparator[:-10]),
                unmeasured(comparator),
            ],
            **{
                path("bd-topo", departement=code): b'<entry><link href="/ed_2026-06-15"/></entry>'
                for code in around
            },
            "/ed_2026-06-15": entry.encode(),
            "/bd.7z": [unmeasured(SEVEN[:-2]), unmeasured(SEVEN)],
            path("annuaire-archive"): b'<a href="2026-08-03-data.gouv_local.json">a</a>',
            path("annuaire-archive") + "2026-08-03-data.gouv_local.json": gzipped(
                json.dumps(directory).encode()
            ),
            **{path("gtfs-arrets", departement=code): stops for code in around},
            path("gtfs-catalogue"): json.dumps(feeds * 500).encode(),
        }  # fmt: skip

    EXTRA = (
        "comparateur-territoires", "bd-topo", "annuaire-archive", "gtfs-arrets", "gtfs-catalogue",
    )  # fmt: skip

    @pytest.mark.slow
    def test_from_every_form_to_a_study_and_again_from_a_folder(
        self, official, tmp_path, monkeypatch
    ):
        folder = tmp_path / "d"
        prepared = prepare_study(["53"], folder, extra=self.EXTRA, light=True, limits=PATIENT)
        assert {file.origin for file in prepared.files} == {"téléchargé"}
        feeds = (folder / "gtfs-du-territoire.csv").read_text("utf-8").splitlines()
        assert feeds[1].startswith("Cars,6,https://c/g.zip")
        text = prepared.study.read_text("utf-8").replace(
            "la_poste = ", 'indicateurs = "comparateur-territoires.parquet"\nla_poste = ', 1
        )
        prepared.study.write_text(text, encoding="utf-8")
        result = run_study(prepared.study)
        assert result.communes["niveau_de_vie"].tolist() == [20_000] * 6
        audit = audit_study(read_study(prepared.study))
        assert audit.verdict != "inutilisable"
        # The same files, put by hand in another folder, on a machine without a network.
        kept = {file.path.name for file in prepared.files}
        by_hand = tmp_path / "a-la-main"
        by_hand.mkdir()
        for name in kept:
            shutil.copyfile(folder / name, by_hand / name)
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "autre-cache"))
        official.answers.clear()
        again = prepare_study(["53"], by_hand, extra=self.EXTRA, light=True, limits=PATIENT)
        assert {file.origin for file in again.files} == {"déposé à la main"}
        other = run_study(again.study)
        columns = ["code_insee", "minutes", "site_id"]
        pd.testing.assert_frame_equal(other.access[columns], result.access[columns])
