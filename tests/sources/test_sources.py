"""The registry, and the downloader against a server that misbehaves."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import string
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import geopandas as gpd
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from support.misbehaving_server import (
    dripping,
    gzipped,
    mute,
    redirect,
    serving,
    status,
    truncated,
    truncated_chunks,
    unmeasured,
    whole,
)

from msap_geo import sources
from msap_geo.errors import SourceError, UnreadableFileError
from msap_geo.sources import checks
from msap_geo.sources.checks import fault
from msap_geo.sources.download import _Redirects, download
from msap_geo.sources.fetch import ANEW
from msap_geo.sources.patience import DownloadError, Limits
from msap_geo.territory import DEPARTEMENTS, departement_of

LOCAL = pytest.mark.allow_hosts(["127.0.0.1"])
QUICK = Limits(silence_s=2.0, wait_s=0.01, tries=3, longest_wait_s=0.05)
CSV = "code;nom;x\n53001;Alpha;1\n53002;Bêta;2\n".encode()

TABLE = sources.Source(
    id="essai",
    titre="Tableau d'essai",
    editeur="Personne",
    page="https://exemple.fr/page",
    url="https://exemple.fr/{departement}/table.csv",
    fichier="table-{departement}.csv",
    roles=("essai",),
    portee="département",
    millesime="2026",
    licence="Licence Ouverte 2.0",
    attribution="Personne",
    format="csv",
    colonnes=("code", "nom"),
    lignes=2,
    essaye=False,
)


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server that stands for all the official ones, and an empty cache."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    with serving() as running:
        monkeypatch.setenv("MSAP_GEO_MIROIR", running.url())
        yield running


@pytest.fixture
def study(tmp_path):
    return tmp_path / "etude"


def fetch(study, **options):
    options = {"departement": "53", "limits": QUICK, **options}
    return sources.fetch(TABLE, study, **options)


def left(tmp_path):
    return [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]


class TestRegistry:
    def test_every_dataset_is_complete_and_every_address_well_formed(self):
        assert len(sources.registry()) >= 20
        for source in sources.registry().values():
            for code in DEPARTEMENTS:
                address = source.address(departement=code, extrait="corse")
                if address is None:
                    assert source.remarque, source.id
                    continue
                parts = urlsplit(address)
                assert parts.scheme == "https"
                assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), address
                assert not re.search(r"[{}\s\"<>]", address), address

    @pytest.mark.parametrize("source", sources.registry().values(), ids=lambda source: source.id)
    def test_a_template_names_what_its_scope_gives(self, source):
        used = {
            name
            for text in (source.url or "", source.fichier)
            for _, name, _, _ in string.Formatter().parse(text)
            if name
        }
        given_by = {
            "département": {
                "departement",
                "departement3",
                "chemin",
                "ouest",
                "sud",
                "est",
                "nord",
            },
            "extrait": {"extrait"},
            "France": set(),
        }
        assert (
            used - {"millesime", "annee", "jour", "dans_trois_semaines"} <= given_by[source.portee]
        )
        in_name = {name for _, name, _, _ in string.Formatter().parse(source.fichier) if name}
        assert source.portee == "France" or in_name & given_by[source.portee]
        untold = source.format == "osm.pbf" or "Nombre de lignes non relevé" in source.remarque
        assert (source.lignes > 0) is not untold
        assert re.search(r"\d{4}", source.preuve), "the evidence of each address has a date"

    def test_files_of_different_datasets_never_share_a_name(self):
        names = [
            source.file_name(departement=code, extrait="corse")
            for source in sources.registry().values()
            for code in ("53", "2A")
        ]
        per_departement = [s for s in sources.registry().values() if s.portee == "département"]
        assert len(set(names)) == len(sources.registry()) + len(per_departement)

    def test_every_role_of_a_study_has_a_dataset(self):
        roles = {role for source in sources.registry().values() for role in source.roles}
        of_a_study = {"communes", "population", "cog", "mairies", "maisons", "la_poste", "reseau"}
        asked = {"carreaux", "indicateurs", "densite", "equipements", "appartenance", "horaires"}
        assert of_a_study | asked | {"operateurs", "transports"} <= roles

    def test_no_address_is_said_tried_without_its_hash(self):
        # The day one is tried, its hash is worth recording too.
        for source in sources.registry().values():
            assert not source.essaye or source.sha256

    def test_an_unknown_dataset_is_refused_with_the_list(self):
        with pytest.raises(SourceError, match=r"source inconnue : « nope ».*france-services"):
            sources.source("nope")


class TestTerritories:
    def test_neighbours_are_mutual_and_islands_have_none(self):
        for code in DEPARTEMENTS:
            assert code not in sources.border([code])
            for other in sources.border([code]):
                assert code in sources.border([other])
        assert sources.border(["72", "53"]) == ("28", "35", "37", "41", "49", "50", "61")
        assert sources.border(["2A", "2B"]) == sources.border(["974"]) == ()

    @pytest.mark.slow
    def test_neighbours_are_those_of_the_real_outlines(self, shared, monkeypatch):
        monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
        from build_voisins import neighbours  # noqa: PLC0415

        found = neighbours(shared / "france" / "departements-2018.geojson")
        assert {code: tuple(others) for code, others in found.items()} == {
            code: sources.border([code]) for code in DEPARTEMENTS
        }

    def test_every_departement_is_in_one_extract(self):
        without = [code for code in DEPARTEMENTS if not sources.extracts([code])]
        assert without == ["975", "977", "978", "986", "987", "988"]
        assert all(
            len(sources.extracts([code])) == 1 for code in DEPARTEMENTS if code not in without
        )
        assert sources.extracts(["2A", "2B", "53", "14"]) == (
            "basse-normandie",
            "corse",
            "pays-de-la-loire",
        )
        every = sources.extracts(DEPARTEMENTS)
        assert len(every) == 27
        assert all(sources.extract_size_mb(name) > 0 for name in every)

    def test_light_extracts_are_those_of_metropolitan_departements(self):
        light = {code for code in DEPARTEMENTS if sources.light_extract(code)}
        assert {c for c in DEPARTEMENTS if not c.startswith(("2A", "2B", "97", "98"))} == light
        paths = [sources.light_extract(code) for code in light]
        assert len(set(paths)) == len(paths)
        assert all(re.fullmatch(r"[a-z_]+/[a-z_]+", path) for path in paths)
        # A département's own extract lies in the folder of the old région that holds it.
        for code in light:
            region = sources.light_extract(code).partition("/")[0].replace("_", "-")
            assert sources.extracts([code]) == (region,)

    @pytest.mark.slow
    def test_boxes_hold_the_communes(self, shared):
        path = shared / "france" / "communes-france-2026.parquet"
        communes = gpd.read_parquet(path).dropna(subset=["geometry"])
        points = communes.geometry.representative_point()
        for code, own in points.groupby(communes["code"].map(departement_of)):
            west, south, east, north = sources.box(code)
            assert own.x.between(west, east).all()
            assert own.y.between(south, north).all()
            assert (east - west) * (north - south) < 12

    def test_where_no_outline_is_known_the_box_is_the_world(self):
        assert sources.box("986") == (-180, -90, 180, 90)


@LOCAL
class TestFetch:
    def test_a_file_is_kept_with_its_story(self, server, study, tmp_path):
        server.answers["/table-53.csv"] = whole(CSV, ETag='"v1"', Last_Modified="hier")
        fetched = fetch(study)
        assert fetched.path.read_bytes() == CSV
        assert fetched.origin == "téléchargé"
        told = json.loads(fetched.path.with_name("table-53.csv.source.json").read_text("utf-8"))
        assert told == sources.sealed(sources.describe(fetched))
        assert told["sha256"] == hashlib.sha256(CSV).hexdigest()
        assert told["octets"] == len(CSV)
        assert told["url"] == server.url("/table-53.csv")
        assert (told["etag"], told["derniere_modification"]) == ('"v1"', "hier")
        assert told["licence"] == "Licence Ouverte 2.0"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told["date"])
        assert fetched.day == "/".join(reversed(told["date"][:10].split("-")))
        assert sorted(left(tmp_path)) == ["table-53.csv", "table-53.csv.source.json"]

    def test_what_is_here_is_not_fetched_twice(self, server, study):
        server.answers["/table-53.csv"] = CSV
        first, second = fetch(study), fetch(study)
        assert (second.origin, second.date) == ("cache", first.date)
        assert len(server.requests) == 1
        server.answers["/table-53.csv"] = CSV + b"53003;Gamma;3\n"
        assert fetch(study, force=True).sha256 != first.sha256
        assert len(server.requests) == 2

    def test_a_damaged_cache_is_fetched_again(self, server, study):
        server.answers["/table-53.csv"] = CSV
        fetch(study).path.write_bytes(CSV[:-3])
        anew = fetch(study)
        assert anew.origin == "téléchargé de nouveau : la copie gardée était abîmée"
        assert (fetch(study).origin, anew.path.read_bytes()) == ("cache", CSV)

    def test_any_bit_of_the_cache_or_of_its_story_is_seen(self, server, study):
        server.answers["/table-53.csv"] = CSV
        first = fetch(study)
        for path in (first.path, first.path.with_name(first.path.name + ".source.json")):
            whole = path.read_bytes()
            for place in range(0, 8 * len(whole), 41):
                changed = bytearray(whole)
                changed[place // 8] ^= 1 << place % 8
                path.write_bytes(changed)
                again = fetch(study)
                assert again.path.read_bytes() == CSV
                assert again.origin in {"cache", ANEW}
                if path == first.path:
                    assert again.origin == ANEW
                path.write_bytes(whole)

    def test_a_damaged_cache_that_cannot_be_replaced_is_told(self, server, study):
        server.answers["/table-53.csv"] = CSV
        fetch(study).path.write_bytes(CSV[:-3])
        del server.answers["/table-53.csv"]
        with pytest.raises(SourceError, match="la copie gardée est abîmée"):
            fetch(study)

    def test_a_file_put_by_hand_is_used(self, server, study):
        study.mkdir()
        (study / "table-53.csv").write_bytes(CSV)
        fetched = fetch(study)
        assert (fetched.origin, fetched.url) == ("déposé à la main", "")
        assert server.requests == []
        (study / "table-53.csv").write_bytes(b"<html>connexion</html>")
        with pytest.raises(UnreadableFileError, match="page web"):
            fetch(study)

    def test_a_file_of_the_study_that_changed_is_refused(self, server, study):
        server.answers["/table-53.csv"] = CSV
        fetched = fetch(study)
        study.mkdir()
        for suffix in ("", ".source.json"):
            name = f"table-53.csv{suffix}"
            (study / name).write_bytes(fetched.path.with_name(name).read_bytes())
        assert fetch(study).origin == "déjà là"
        (study / "table-53.csv").write_bytes(CSV.replace(b"Alpha", b"Omega"))
        with pytest.raises(UnreadableFileError, match=r"a changé.*--forcer"):
            fetch(study)

    def test_a_story_of_the_study_that_changed_is_refused(self, server, study):
        server.answers["/table-53.csv"] = CSV
        fetched = fetch(study)
        study.mkdir()
        (study / "table-53.csv").write_bytes(CSV)
        story = fetched.path.with_name("table-53.csv.source.json").read_text("utf-8")
        beside = study / "table-53.csv.source.json"
        for changed in (
            story.replace('"date": "2', '"date": "1'),
            story.replace('"sha256": "', '"sha256": "0'),
            story.replace('"licence"', '"license"'),
            story[:-9],
            "[]",
        ):
            assert changed != story
            beside.write_text(changed, "utf-8")
            assert sources.is_damaged(study / "table-53.csv")
            with pytest.raises(UnreadableFileError, match=r"d'où vient.*abîmé.*--forcer"):
                fetch(study)
        beside.write_text(json.dumps(json.loads(story)), "utf-8")  # laid out otherwise
        assert fetch(study).origin == "déjà là"
        old = {key: value for key, value in json.loads(story).items() if key != "controle"}
        beside.write_text(json.dumps(old), "utf-8")  # of an earlier version
        assert fetch(study).origin == "déjà là"

    def test_passing_failures_are_tried_again(self, server, study):
        server.answers["/table-53.csv"] = [
            status(500),
            status(503, Retry_After="1"),
            CSV,
        ]
        assert fetch(study).path.read_bytes() == CSV
        assert len(server.requests) == 3

    def test_a_body_cut_once_is_fetched_whole(self, server, study):
        server.answers["/table-53.csv"] = [truncated(CSV[:10], len(CSV)), CSV]
        assert fetch(study).path.read_bytes() == CSV

    def test_redirections_are_followed(self, server, study):
        server.answers["/table-53.csv"] = redirect("/ailleurs")
        server.answers["/ailleurs"] = CSV
        fetched = fetch(study)
        assert fetched.path.read_bytes() == CSV
        assert fetched.url == server.url("/table-53.csv")
        assert sources.describe(fetched)["url_finale"] == server.url("/ailleurs")

    def test_compression_is_undone(self, server, study):
        server.answers["/table-53.csv"] = gzipped(CSV)
        assert fetch(study).path.read_bytes() == CSV

    @pytest.mark.parametrize(
        ("answer", "said", "requests"),
        [
            (status(404), "réponse 404, fichier introuvable", 1),
            (status(403), r"réponse 403, accès refusé \(3 essais\)", 3),
            (status(500), r"réponse 500.*\(3 essais\)", 3),
            (redirect("/table-53.csv"), "redirection sans fin", None),
            (redirect("file:///etc/passwd"), "redirection refusée", 1),
            (truncated(CSV, len(CSV) + 9), f"coupé : {len(CSV)} octets reçus sur", 3),
            (truncated_chunks(CSV), "connexion coupée", 3),
            (b"<!DOCTYPE html><title>Maintenance</title>", "page web", 1),
            (b"\xef\xbb\xbf\n <HTML>connexion au proxy", "page web", 1),
            (b"", "vide", 1),
            (b"a;b\n1;2\n", "il lui manque : code, nom", 1),
            (b"PK\x03\x04\x00\x00", "fichier binaire", 1),
            (gzipped(CSV, cut=6), "compressé coupé", 3),
            (whole(b"non", Content_Encoding="gzip"), "compressé abîmé", 3),
            (whole(CSV, Content_Encoding="br"), "compression inconnue", 1),
        ],
    )
    def test_what_goes_wrong_is_said_and_leaves_nothing(
        self, server, study, tmp_path, answer, said, requests
    ):
        server.answers["/table-53.csv"] = answer
        with pytest.raises(SourceError, match=said) as caught:
            fetch(study)
        for words in ("Tableau d'essai", "essai", "HTTPS_PROXY", "MSAP_GEO_MIROIR", "--", "page"):
            assert words in str(caught.value).replace("essai)", "--")
        assert str(study / "table-53.csv") in str(caught.value)
        assert left(tmp_path) == []
        assert requests is None or len(server.requests) == requests

    def test_a_failure_leaves_the_old_file(self, server, study):
        server.answers["/table-53.csv"] = [CSV, status(404)]
        fetch(study)
        with pytest.raises(SourceError):
            fetch(study, force=True)
        assert fetch(study).origin == "cache"

    def test_a_wrong_hash_is_refused(self, server, study, tmp_path):
        server.answers["/table-53.csv"] = CSV
        fixed = TABLE.model_copy(update={"sha256": "0" * 64})
        with pytest.raises(SourceError, match="empreinte inattendue"):
            sources.fetch(fixed, study, departement="53", limits=QUICK)
        assert left(tmp_path) == []
        right = TABLE.model_copy(update={"sha256": hashlib.sha256(CSV).hexdigest()})
        assert sources.fetch(right, study, departement="53", limits=QUICK).size == len(CSV)

    @pytest.mark.parametrize(
        ("answer", "limits", "said"),
        [
            (dripping(), {"patience_s": 0.2, "tries": 1}, "trop lent"),
            (dripping(chunk=b"x" * 5000), {"total_s": 0.3, "tries": 1}, "durée maximale"),
            (mute(), {"silence_s": 0.1, "tries": 2}, r"pas de réponse à temps \(2 essais\)"),
            (CSV, {"max_bytes": 10}, "démesuré"),
            (gzipped(b"\x00" * 10_000_000), {"max_bytes": 1_000_000}, "démesuré"),
        ],
    )
    def test_patience_and_size_have_limits(self, server, study, tmp_path, answer, limits, said):
        server.answers["/table-53.csv"] = answer
        with pytest.raises(SourceError, match=said):
            fetch(study, limits=Limits(**{"wait_s": 0.01, "silence_s": 2.0, **limits}))
        assert left(tmp_path) == []

    def test_being_interrupted_leaves_nothing(self, server, study, tmp_path):
        server.answers["/table-53.csv"] = CSV

        def stop(_name, _done, _total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fetch(study, progress=stop)
        assert left(tmp_path) == []

    def test_what_a_killed_process_left_is_swept(self, server, study, tmp_path):
        server.answers["/table-53.csv"] = CSV
        folder = tmp_path / "cache" / "sources"
        folder.mkdir(parents=True)
        old, young = folder / ".table-53.csv.a.partiel", folder / ".table-53.csv.b.partiel"
        for path in (old, young):
            path.write_bytes(CSV[:5])
        os.utime(old, (0, 0))
        fetch(study)
        assert not old.exists()
        assert young.exists()

    def test_progress_tells_bytes_and_total(self, server, study):
        server.answers["/table-53.csv"] = CSV
        seen = []
        fetch(study, progress=lambda *told: seen.append(told))
        assert seen[-1] == ("table-53.csv", len(CSV), len(CSV))

    def test_nobody_at_the_door(self, server, study, monkeypatch):
        with serving() as gone:
            closed = gone.url()
        monkeypatch.setenv("MSAP_GEO_MIROIR", closed)
        with pytest.raises(SourceError, match="connexion refusée"):
            fetch(study)
        assert server.requests == []

    def test_the_proxy_is_asked(self, server, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", server.url())
        monkeypatch.delenv("no_proxy", raising=False)
        server.answers["http://donnees.invalid/f.csv"] = CSV
        received = download(
            "http://donnees.invalid/f.csv", tmp_path / "f.csv", limits=QUICK, check=lambda _: None
        )
        assert received.size == len(CSV)
        assert server.requests == ["http://donnees.invalid/f.csv"]

    def test_a_proxy_that_wants_a_name_says_so(self, server, tmp_path, monkeypatch):
        monkeypatch.setenv("http_proxy", server.url())
        server.answers["http://donnees.invalid/f.csv"] = status(407)
        with pytest.raises(DownloadError, match="proxy demande une identification"):
            download(
                "http://donnees.invalid/f.csv", tmp_path / "f", limits=QUICK, check=lambda _: None
            )


class TestElsewhere:
    def test_a_folder_is_a_mirror(self, study, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        shelf = tmp_path / "étagère"
        shelf.mkdir()
        (shelf / "table-53.csv").write_bytes(CSV)
        monkeypatch.setenv("MSAP_GEO_MIROIR", str(shelf))
        assert fetch(study).path.read_bytes() == CSV
        with pytest.raises(SourceError, match="absent du miroir"):
            fetch(study, departement="72")
        monkeypatch.setenv("MSAP_GEO_MIROIR", str(tmp_path / "nulle-part"))
        with pytest.raises(SourceError, match=r"miroir n'est ni.*nulle-part"):
            fetch(study, departement="72")

    @pytest.mark.parametrize(
        "mirror",
        ["x" * 10_000, "http://127.0.0.1:1/#x", "http://a:b@127.0.0.1:1/", "http://[", "ftp://a/"],
    )
    def test_what_is_no_mirror(self, study, tmp_path, monkeypatch, mirror):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("MSAP_GEO_MIROIR", mirror)
        with pytest.raises(SourceError, match=r"miroir n'est ni.*MSAP_GEO_MIROIR="):
            fetch(study)

    def test_without_an_address_one_is_sent_to_the_page(self, study, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        by_hand = TABLE.model_copy(update={"url": None})
        with pytest.raises(SourceError, match=r"à la main.*table-53\.csv") as caught:
            sources.fetch(by_hand, study, departement="53")
        assert "https://exemple.fr/page" in str(caught.value)

    def test_a_cache_that_cannot_be_written_is_said(self, study, tmp_path, monkeypatch):
        (tmp_path / "cache").write_bytes(b"un fichier, pas un dossier")
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        shelf = tmp_path / "m"
        shelf.mkdir()
        (shelf / "table-53.csv").write_bytes(CSV)
        monkeypatch.setenv("MSAP_GEO_MIROIR", str(shelf))
        with pytest.raises(SourceError, match=r"cache.*MSAP_GEO_CACHE"):
            fetch(study)

    def test_no_redirection_to_a_less_safe_address(self):
        class Request:
            full_url = "https://a.fr/x"

        with pytest.raises(DownloadError, match="redirection refusée"):
            _Redirects().redirect_request(Request, None, 302, "", {}, "http://a.fr/x")


def archive_of(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name) if options.get("raw") else name, content)
    return path


class TestArchives:
    def test_members_are_extracted_and_an_older_folder_replaced(self, tmp_path):
        archive = archive_of(tmp_path / "a.zip", {"a.csv": CSV, "sous/b.csv": b"b"})
        folder = tmp_path / "a"
        folder.mkdir()
        (folder / "vieux.csv").write_bytes(b"")
        found = sources.extract(archive, folder)
        assert [str(path.relative_to(folder)) for path in found] == [
            "a.csv",
            str(Path("sous/b.csv")),
        ]
        assert (folder / "a.csv").read_bytes() == CSV

    @pytest.mark.parametrize(
        "name", ["../x", "a/../../x", "/etc/x", "..\\x", "C:\\x", "a/..", "\\\\serveur\\x"]
    )
    def test_members_that_would_leave_are_refused(self, tmp_path, name):
        archive = archive_of(tmp_path / "a.zip", {"bon.csv": CSV, name: b"x"})
        with pytest.raises(SourceError, match="sortirait du dossier"):
            sources.extract(archive, tmp_path / "profond" / "a")
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.zip"]

    def test_links_are_refused(self, tmp_path):
        link = zipfile.ZipInfo("lien")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(SourceError, match="est un lien"):
            sources.extract(tmp_path / "a.zip", tmp_path / "a")

    def test_bombs_are_refused(self, tmp_path):
        archive = archive_of(tmp_path / "a.zip", {"bombe": b"\x00" * 30_000_000})
        with pytest.raises(SourceError, match="hors de proportion"):
            sources.extract(archive, tmp_path / "a")
        with pytest.raises(SourceError, match="1 fichiers et 30000000 octets"):
            sources.extract(archive, tmp_path / "a", max_bytes=1_000_000)
        assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]

    def test_a_cut_archive_is_refused(self, tmp_path):
        archive = archive_of(tmp_path / "a.zip", {"a.csv": os.urandom(5000)})
        content = bytearray(archive.read_bytes())
        content[200] ^= 0xFF
        archive.write_bytes(content)
        with pytest.raises(SourceError, match="abîmée"):
            sources.extract(archive, tmp_path / "a")
        assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def of(form, *columns):
    return TABLE.model_copy(update={"format": form, "colonnes": columns})


# Two blocks: the length of a header, the header, as many bytes of data as it says.
PBF = b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x02ab\x00\x00\x00\x0b\x0a\x07OSMData\x18\x03abc"
SEVEN = b"7z\xbc\xaf\x27\x1c\x00\x04crc." + struct.pack("<QQ", 3, 2) + b"crc.abcde"
BASE = b"SQLite format 3\x00\x02\x00" + bytes(10) + struct.pack(">I", 2) + bytes(992)


def parquet(**columns):
    content = io.BytesIO()
    pd.DataFrame(columns).to_parquet(content)
    return content.getvalue()


def workbook(*rows):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        book.add_worksheet("Lisez-moi").write(0, 0, "note")
        sheet = book.add_worksheet("Maille communale")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


TABLES = parquet(code=["1"], nom=["a"])
SHEETS = workbook(["Titre"], [], ["Codé", " NOM "], ["1", "a"])


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("csv", '\ufeff#Code;"nom"\n1;2\n'.encode(), None),
        ("csv", "code,nom\n1,2\n".encode("cp1252"), None),
        ("csv", b"code\n1\n", "nom"),
        ("json", b'[{"code": "1"}, {"code": "2", "nom": "b"}]', None),
        ("json", b'[{"code": "1"}', "coupé"),
        ("json", b"[]", "aucun enregistrement"),
        ("json", b'{"erreur": "limite"}', "aucun enregistrement"),
        ("json", b"[1, 2]", "aucun enregistrement"),
        ("geojson", b'{"features": [{"properties": {"code": 1, "nom": 2}}]}', None),
        ("geojson", b'{"features": [{"properties": null}]}', "aucun"),
        ("geojson", b'{"type": "Feature"}', "pas du GeoJSON"),
        (
            "geojson",
            b'{"numberMatched": 9, "features": [{"properties": {"code": 1, "nom": 2}}]}',
            "que 1 objets sur 9",
        ),
        ("osm.pbf", PBF, None),
        ("osm.pbf", PBF[2:], "OSM|osm.pbf"),
        ("osm.pbf", PBF[:-1], "coupé"),
        ("osm.pbf", PBF + b"\x00", "coupé"),
        ("7z", SEVEN, None),
        ("7z", SEVEN[:-1], "coupé"),
        ("7z", SEVEN[:20], "coupé"),
        ("tar.bz2", b"PK\x03\x04", "tar.bz2"),
        ("parquet", TABLES, None),
        ("parquet", TABLES[:-9], "coupé"),
        ("parquet", parquet(code=["1"]), "il lui manque : nom"),
        ("gpkg", BASE, None),
        ("gpkg", BASE[:-1], "coupé"),
        ("csv", "Codé ;#NOM\n1;2\n".encode(), None),
        ("csv", b"code;nom;x\n1;2;3\n4;5", "n'est pas terminée"),
        ("csv", b"code;nom;x\n1;2;3\n4;5\n", "plus courte que l'en-tête"),
        ("xlsx", SHEETS, None),
        ("xlsx", workbook(["code", "autre"]), "il lui manque : nom"),
        ("zip", zipped("a/b.csv", b"code;nom\n1;2\n"), None),
        ("zip", zipped("b.xlsx", SHEETS), None),
        ("zip", zipped("b.parquet", TABLES), None),
        ("zip", zipped("b.csv", b"a;b\n1;2\n"), "il lui manque : code, nom"),
        ("zip", zipped("b.shp", b"a"), None),
        ("zip", b"PK\x03\x04coupe", "zip entière"),
        ("xlsx", b"code;nom\n", "zip entière"),
    ],
)
def test_content_is_checked_by_its_format(tmp_path, form, content, said):
    path = tmp_path / "f"
    path.write_bytes(content)
    found = fault(path, of(form, "code", "nom"))
    assert (found is None) if said is None else re.search(said, found)


@LOCAL
def test_a_national_table_of_too_few_rows_is_cut_where_nobody_tells_its_length(server, study):
    national = TABLE.model_copy(update={"portee": "France", "fichier": "n.csv", "lignes": 100})
    rows = b"code;nom\n" + b"53001;A\n" * 30
    server.answers["/n.csv"] = whole(rows)
    assert sources.fetch(national, study, limits=QUICK).size == len(rows)
    more = rows + rows[9:] * 2
    server.answers["/n.csv"] = [unmeasured(rows), unmeasured(more)]
    with pytest.raises(SourceError, match="31 lignes, quand il en faut environ 100"):
        sources.fetch(national, study, limits=replace(QUICK, tries=1), force=True)
    assert sources.fetch(national, study, limits=QUICK, force=True).size == len(more)


@LOCAL
@pytest.mark.parametrize("lost", [1, 4, 11, 16, 22])
def test_a_table_cut_without_a_length_is_asked_for_again(server, study, lost):
    server.answers["/table-53.csv"] = [unmeasured(CSV[:-lost]), unmeasured(CSV)]
    assert fetch(study).size == len(CSV)
    assert len(server.requests) == 2


@LOCAL
def test_refused_by_the_server_one_is_sent_to_a_browser(server, study):
    server.answers["/table-53.csv"] = status(403)
    with pytest.raises(SourceError, match=r"ouvrir https://exemple.fr/page dans un navigateur"):
        fetch(study)


@LOCAL
def test_a_refusal_that_passes_is_no_failure(server, study):
    server.answers["/table-53.csv"] = [status(403), status(403), CSV]
    assert fetch(study).size == len(CSV)


def test_an_empty_archive_is_refused(tmp_path):
    assert fault(archive_of(tmp_path / "v.zip", {}), of("zip")) == "l'archive est vide"
    assert fault(archive_of(tmp_path / "a.zip", {"a": b"a"}), of("zip")) is None


@given(
    content=st.binary(max_size=300),
    start=st.sampled_from([b"", b"PK\x03\x04", b"{", b"[", b"\xef\xbb\xbf", b"code;nom\n"]),
    form=st.sampled_from(["csv", "json", "geojson", "zip", "7z", "osm.pbf"]),
)
def test_no_content_makes_the_checks_fall(tmp_path_factory, content, start, form):
    path = tmp_path_factory.getbasetemp() / "quelconque"
    path.write_bytes(start + content)
    found = fault(path, of(form, "code"))
    assert found is None or found


@pytest.mark.slow
@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04"]))
def test_no_content_makes_the_extraction_fall(tmp_path_factory, content, start):
    base = tmp_path_factory.getbasetemp()
    (base / "quelconque.zip").write_bytes(start + content)
    with pytest.raises(SourceError):
        sources.extract(base / "quelconque.zip", base / "extrait")
    assert not (base / "extrait").exists()


class TestPages:
    """Tables given page after page, and catalogues that say where a file is."""

    ROWS = [  # noqa: RUF012
        {"_id": "a", "code": "53001", "Libellé": "Évron, ville", "_score": 1},
        {"_id": "b", "code": "53002", "nom": "B", "_geopoint": "48.1,-0.5"},
        {"_id": "c", "code": "53003", "nom": True, "Libellé": None},
    ]

    @pytest.fixture
    def table(self, server, monkeypatch):
        monkeypatch.delenv("MSAP_GEO_MIROIR")
        changes = {"url": server.url("/lines?size=2"), "forme": "pages"}
        return TABLE.model_copy(update=changes)

    def answer(self, server, first, second=None):
        server.answers["/lines?size=2"] = first
        server.answers["/lines?size=2&after=2"] = second

    def page(self, server, rows, *, total=3, following=True):
        content = {"total": total, "results": rows}
        if following:
            content["next"] = server.url("/lines?size=2&after=2")
        return json.dumps(content).encode()

    @LOCAL
    def test_pages_make_one_table(self, server, study, table):
        last = self.page(server, self.ROWS[2:], following=False)
        self.answer(server, self.page(server, self.ROWS[:2]), [status(503), last])
        fetched = sources.fetch(table, study, departement="53", limits=QUICK)
        assert fetched.path.read_text(encoding="utf-8") == (
            "code,Libellé,nom,geo_point_2d\n"
            '53001,"Évron, ville",,\n53002,,B,"48.1,-0.5"\n53003,,oui,\n'
        )
        assert sources.fetch(table, study, departement="53").origin == "cache"

    @LOCAL
    @pytest.mark.parametrize(
        ("first", "second", "said"),
        [
            (lambda t, s: t.page(s, t.ROWS[:2]), lambda t, s: t.page(s, []), "2 lignes reçues sur"),
            (lambda *_: b'{"erreur": 1}', None, "pas une page"),
            (lambda t, s: t.page(s, t.ROWS[:2]), lambda *_: b'{"results": [', "coupé"),
            (
                lambda t, _: json.dumps(
                    {"results": t.ROWS, "next": "http://ailleurs.invalid/lines"}
                ).encode(),
                None,
                "suite refusée",
            ),
            (lambda *_: b'{"results": [{"a": 1}]}', None, "il lui manque : code, nom"),
        ],
    )
    def test_a_table_that_is_not_whole_is_refused(
        self, server, study, table, tmp_path, first, second, said
    ):
        self.answer(server, first(self, server), second and second(self, server))
        with pytest.raises(SourceError, match=said):
            sources.fetch(table, study, departement="53", limits=replace(QUICK, tries=1))
        assert left(tmp_path) == []

    @LOCAL
    def test_a_catalogue_leads_to_its_newest_resource_else_to_the_fixed_one(
        self, server, study, monkeypatch
    ):
        monkeypatch.delenv("MSAP_GEO_MIROIR")

        def resource(title, path, day, form="csv"):
            return {
                "title": title, "format": form, "latest": server.url(path), "last_modified": day,
            }  # fmt: skip

        server.answers["/catalogue"] = json.dumps(
            {
                "resources": [
                    resource("Bus", "/bus.csv", "2026-09-01"),
                    resource("Liste des structures 2024", "/old.csv", "2024-08-01"),
                    resource("Liste des Structures", "/new.csv", "2026-08-01"),
                    resource("Liste des structures", "/x.pdf", "2026-09-01", "pdf"),
                ]
            }
        ).encode()
        server.answers |= {"/new.csv": CSV, "/fixed.csv": CSV + b"53003;C;3\n"}
        source = TABLE.model_copy(
            update={
                "url": server.url("/catalogue"), "forme": "catalogue",
                "titre_ressource": "structures", "url_secours": server.url("/fixed.csv"),
            }
        )  # fmt: skip
        fetched = sources.fetch(source, study, departement="53", limits=QUICK)
        assert fetched.final_url == server.url("/new.csv")
        server.answers["/catalogue"] = b'{"resources": []}'
        fetched = sources.fetch(source, study, departement="53", limits=QUICK, force=True)
        assert fetched.final_url == server.url("/fixed.csv")

    @LOCAL
    def test_a_feed_leads_to_its_newest_edition(self, server, study, monkeypatch):
        monkeypatch.delenv("MSAP_GEO_MIROIR")

        def feed(*links):
            entries = "".join(f'<entry><link href="{link}"/></entry>' for link in links)
            return f"<feed>{entries}</feed>".encode()

        server.answers |= {
            "/feed": feed("/ed_2026-03-15", server.url("/ed_2026-06-15")),
            "/ed_2026-06-15": feed("/f_2026-06-15.csv", "/f_2026-06-15.md5"),
            "/f_2026-06-15.csv": CSV,
        }
        source = TABLE.model_copy(update={"url": server.url("/feed"), "forme": "atom"})
        fetched = sources.fetch(source, study, departement="53", limits=QUICK)
        assert fetched.final_url == server.url("/f_2026-06-15.csv")

    @LOCAL
    @pytest.mark.parametrize(
        ("size", "md5", "said"),
        [
            (0, "", None),
            (1, "", "annoncés par le catalogue"),
            (0, "0" * 32, "MD5"),
        ],
    )
    @pytest.mark.parametrize("form", ["attribute", "element"])
    def test_what_a_feed_says_of_a_file_is_checked(
        self, server, study, monkeypatch, size, md5, said, form
    ):
        monkeypatch.delenv("MSAP_GEO_MIROIR")
        length = len(CSV) + size
        told = (
            f'<link href="/f_2026-06-15.csv" length="{length}"/>'
            if form == "attribute"
            else f'<link href="/f_2026-06-15.csv"/><gpf_dl:length>{length}</gpf_dl:length>'
        )
        md5 = md5 or hashlib.md5(CSV, usedforsecurity=False).hexdigest().upper()
        server.answers |= {
            # The newest edition stands on the second page.
            "/feed": b'<feed pagecount="2"><entry><link href="/ed_2026-03-15"/></entry></feed>',
            "/feed?page=2": b'<feed><entry><link href="/ed_2026-06-15"/></entry></feed>',
            "/ed_2026-06-15": f"<entry>{told}<gpf_dl:md5>{md5}</gpf_dl:md5></entry>".encode(),
            "/f_2026-06-15.csv": CSV,
        }
        source = TABLE.model_copy(update={"url": server.url("/feed"), "forme": "atom"})
        if said is None:
            fetched = sources.fetch(source, study, departement="53", limits=QUICK)
            assert fetched.final_url == server.url("/f_2026-06-15.csv")
            return
        with pytest.raises(SourceError, match=said):
            sources.fetch(source, study, departement="53", limits=QUICK)

    @LOCAL
    def test_of_a_listed_folder_the_newest_file_is_taken(self, server, study, monkeypatch):
        monkeypatch.delenv("MSAP_GEO_MIROIR")
        server.answers |= {
            "/all/": b"""<a href="../">..</a><a href="2026-08-02_053120-essai.json">a</a>
                <a href="2026-08-03_053120-essai.json">b</a><a href="2026-09-01-autre.zip">c</a>""",
            "/all/2026-08-03_053120-essai.json": gzipped(b'{"service": [{"code": 1, "nom": "A"}]}'),
        }
        source = TABLE.model_copy(
            update={
                "url": server.url("/all/"), "forme": "dossier", "format": "json",
                "titre_ressource": "-essai.json",
            }
        )  # fmt: skip
        fetched = sources.fetch(source, study, departement="53", limits=QUICK)
        assert fetched.final_url == server.url("/all/2026-08-03_053120-essai.json")
        server.answers["/all/"] = b'<a href="http://ailleurs.test/x-essai.json">x</a>'
        with pytest.raises(SourceError, match="suite refusée"):
            sources.fetch(source, study, departement="53", limits=QUICK, force=True)
        server.answers["/all/"] = b"<p>vide</p>"
        with pytest.raises(SourceError, match="aucun tel fichier"):
            sources.fetch(source, study, departement="53", limits=QUICK, force=True)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (b'{"service": [{"nom": "A", "code": 1, "x": "', b'"}]}', None),
        (b'{"service": [{"nom": "A", "x": "', b'"}]}', "il lui manque : code"),
        (b'{"service": [{"nom": "A", "code": 1, "x": "', b"", "coupé"),
        (b'"', b'"', "pas du JSON"),
    ],
)
def test_a_vast_json_is_looked_at_by_its_ends(tmp_path, monkeypatch, start, end, said):
    monkeypatch.setattr(checks, "_VAST_JSON", 100_000)
    path = tmp_path / "vaste.json"
    path.write_bytes(start + b"x" * 200_000 + end)
    found = fault(path, of("json", "nom", "code"))
    assert found is None if said is None else said in found


class TestFeeds:
    """Which timetables a territory has."""

    def write(self, tmp_path, stops, datasets):
        feature = {"type": "Feature", "geometry": None}
        features = [{**feature, "properties": {"dataset_title": title}} for title in stops]
        one = tmp_path / "arrets.geojson"
        one.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        two = tmp_path / "catalogue.json"
        two.write_text(json.dumps(datasets))
        return sources.feeds_of_territory([one, one], two)

    def test_datasets_with_stops_come_with_the_addresses_of_their_feeds(self, tmp_path):
        datasets = [
            {
                "title": "Cars du Lot", "licence": "lov2",
                "resources": [
                    {"format": "GTFS", "url": "https://a/x", "original_url": "https://p/x.zip"},
                    {"format": "gtfs", "url": "https://a/y"},
                    {"format": "geojson", "url": "https://a/z"},
                ],
            },
            {"title": "Ailleurs", "resources": [{"format": "GTFS", "url": "https://a/w"}]},
        ]  # fmt: skip
        feeds = self.write(tmp_path, ["Cars du Lot", "Inconnu", "Cars du Lot"], datasets)
        assert [(f.title, f.stops, f.address) for f in feeds] == [
            ("Cars du Lot", 4, "https://a/y"),
            ("Cars du Lot", 4, "https://p/x.zip"),
            ("Inconnu", 2, ""),
        ]

    def test_nothing_is_no_feed(self, tmp_path):
        assert self.write(tmp_path, [], []) == []
        assert self.write(tmp_path, ["", None], [{"title": ""}]) == []
