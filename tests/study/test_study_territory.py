"""The optional files of a study: movements, indicators, memberships, the grid."""

from __future__ import annotations

import json

import pytest
from pyproj import Transformer
from support.toy import CODES, PEOPLE, STEP, X0, Y0

from msap_geo import loaders, schemas
from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study


def add(toy_study, keys, **files):
    for name, text in files.items():
        (toy_study.folder / name.replace("_csv", ".csv")).write_text(text, encoding="utf-8")
    return toy_study.configure(
        ('la_poste = "la_poste.csv"\n', f'la_poste = "la_poste.csv"\n{keys}\n')
    )


def result_of(toy_study):
    return run_study(read_study(toy_study.path))


@pytest.mark.slow
def test_indicators_and_memberships_join_the_communes(toy_study, tmp_path):
    rows = "".join(f"{code};{10 * n};{n}\n" for n, code in enumerate(CODES[:5], start=1))
    epci = "".join(f"{code};2000{n % 2};012\n" for n, code in enumerate(CODES))
    add(
        toy_study,
        'indicateurs = ["cars.csv"]\nappartenance = "table.csv"',
        cars_csv="CODGEO;P21_MEN;P21_POP75P\n" + rows,
        table_csv="CODGEO;EPCI;ARR\n" + epci,
    )
    result = result_of(toy_study)
    communes = schemas.check(result.communes, schemas.COMMUNES)
    assert communes["menages"].tolist()[:5] == [10, 20, 30, 40, 50]
    assert communes["menages"].isna().tolist() == [False] * 5 + [True]
    assert communes["epci"].tolist() == ["20000", "20001"] * 3
    assert result.indicators["menages"] == {"millesime": "2021", "variables": "P21_MEN"}
    (absent,) = [a for a in result.anomalies if a.code == "indicateurs-inconnu"]
    assert CODES[5] in absent.message
    assert result.rows["indicateurs"] == (5, 5)
    assert result.rows["appartenance"] == (6, 6)
    write_study(result, tmp_path / "resultats")
    manifest = json.loads((tmp_path / "resultats" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["indicateurs"]["menages"]["millesime"] == "2021"


@pytest.mark.slow
def test_the_grid_comes_with_the_study(toy_study):
    to_grid = Transformer.from_crs(2154, 3035, always_xy=True)
    rows = []
    for n in range(6):
        x, y = to_grid.transform(X0 + STEP * (n + 0.3), Y0 + STEP / 2)
        name = f"CRS3035RES1000mN{int(y // 1000) * 1000}E{int(x // 1000) * 1000}"
        rows.append(f"{name},{CODES[n]},{PEOPLE[n]},1\n")
    add(
        toy_study,
        'carreaux = "carreaux.csv"',
        carreaux_csv="idcar_1km,lcog_geo,ind,i_est_1km\n" + "".join(rows),
    )
    result = result_of(toy_study)
    by_commune = result.carreaux.groupby("code_insee")["population"].sum()
    assert by_commune.to_dict() == dict(zip(CODES, PEOPLE, strict=True))
    points = loaders.carreau_points(result.carreaux, epsg=2154)
    assert points["population"].sum() == result.shares[0].population
    assert result.rows["carreaux"] == (6, 6)


@pytest.mark.parametrize("with_cog", [False, True])
def test_movements_bring_every_file_to_the_communes_in_force(toy_study, with_cog):
    """Alpha's people are counted under an older code; a Maison declares it too."""
    population = "DEPCOM;COM;PMUN\n53999;Ancienne;100\n" + "".join(
        f"{code};X;{people}\n" for code, people in zip(CODES[1:], PEOPLE[1:], strict=True)
    )
    moved = (
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TYPECOM_AP,COM_AP\n"
        f"32,2019-01-01,COM,53999,COM,{CODES[0]}\n"
    )
    cog = 'cog = "population.json"\n' if with_cog else ""
    add(
        toy_study,
        f'mouvements = "mvtcommune.csv"\n{cog}',
        mvtcommune_csv=moved,
        insee_csv=population,
    ).path.write_text(
        toy_study.path.read_text(encoding="utf-8").replace(
            'population = "population.json"', 'population = "insee.csv"', 1
        ),
        encoding="utf-8",
    )
    result = result_of(toy_study)
    assert result.communes["population"].tolist() == PEOPLE
    told = {(a.code, a.identifier) for a in result.anomalies}
    assert ("commune-fusionnee", "53999") in told
