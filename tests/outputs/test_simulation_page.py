"""« Et si… » in the page: what its reader does, sees, shares and takes away."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import time
from importlib.resources import files

import numpy as np
import pytest
from support.hostile import HOSTILE, hostile_study
from support.pages import PICTURES, popups, selenium, visit
from support.toy import poste_row, with_rounds

from msap_geo import coverage, french, outputs, rounds, siting
from msap_geo.answers.plan import study_costs
from msap_geo.folder import write_study
from msap_geo.outputs.page import payload
from msap_geo.study import (
    choose,
    read_choice,
    read_study,
    run_study,
    sample_study,
    scenario,
    simulation_of,
    trips,
    what_if,
)
from msap_geo.territory import DEPARTEMENTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
]


def figures(browser):
    """Every figure of the page that a choice changes, as its reader sees it."""
    return browser.execute_script(
        "const found = {};"
        "document.querySelectorAll('[data-chiffre]').forEach("
        "  e => { found[e.dataset.chiffre] = e.textContent; });"
        "return found;"
    )


def expected_figures(result):
    zones, own = result.zones, int((~result.neighbours).sum())
    worst = ""
    if len(zones):
        people = french.people(int(zones["population"].iloc[0]))
        most = "\u00a0; la plus peuplée" if len(zones) > 1 else ""
        worst = f"{most}, {zones['nom'].iloc[0]} : {people}"
    found = {
        "zones": french.counted(len(zones), "zone blanche"),
        "zone-1": worst,
        "maisons": french.counted(own, "Maison"),
    }
    for share in result.shares:
        name = f"{share.threshold:g}"
        found |= {
            f"part-{name}": french.percent(share.share),
            f"couverts-{name}": french.number(share.within),
            f"audela-{name}": french.number(share.beyond),
            f"communes-audela-{name}": french.counted(share.communes_beyond, "commune"),
        }
    people = result.access.groupby("palier")["population"].sum()
    labels = coverage.class_labels(result.study.thresholds)
    known = {
        f"classe-{i}": french.number(int(people.get(label, 0))) for i, label in enumerate(labels)
    }
    if coverage.NO_ACCESS not in set(result.access["palier"]):
        known.pop(f"classe-{len(labels) - 1}")
    return found | known


def text_of(browser, selector):
    """Text as the page holds it, no-break spaces included."""
    return browser.execute_script(
        "return document.querySelector(arguments[0]).textContent", selector
    )


def status(browser):
    return text_of(browser, ".msap-essai-bilan")


def click(browser, text):
    """Press the button of the section that says so."""
    browser.execute_script(
        "Array.from(document.querySelectorAll('.msap-essai button'))"
        ".find(b => b.textContent === arguments[0]).click()",
        text,
    )


def tick(browser, site_id):
    browser.execute_script(
        "document.querySelectorAll('.msap-essai-choix details').forEach(d => { d.open = true; });"
    )
    box = None
    for _ in range(50):
        boxes = browser.find_elements("css selector", f'[data-essai="{site_id}"]')
        if boxes:
            (box,) = boxes
            break
        time.sleep(0.05)  # a fold fills itself an instant after it opens
    browser.execute_script("arguments[0].click()", box)


def fragment(browser):
    return browser.execute_script("return location.hash")


def downloaded(browser, folder, text, name):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    click(browser, text)
    for _ in range(100):
        if (folder / name).is_file():
            return folder / name
        time.sleep(0.05)
    pytest.fail(f"{name} n'a pas été enregistré")


def no_error(browser):
    return [entry["message"] for entry in browser.get_log("browser")] == []


def test_ticking_recomputes_the_page_as_python_does(page, demo, tmp_path):
    before = figures(page)
    assert expected_figures(demo).items() <= before.items()
    office, maison = demo.candidates["site_id"].iloc[0], demo.maisons["site_id"].iloc[1]
    tick(page, office)
    tick(page, maison)
    assert fragment(page) == f"#o={office}&f={maison}"
    for text, name in (("JSON", "choix.json"), ("CSV", "choix.csv")):
        choice = read_choice(downloaded(page, tmp_path, text, name))
        assert [site.site_id for site in choice.opened] == [office]
        assert [site.site_id for site in choice.closed] == [maison]
        again = scenario(demo, choice)
        assert expected_figures(again).items() <= figures(page).items()
    told = json.loads((tmp_path / "choix.json").read_text(encoding="utf-8"))["resultats"]
    assert [line["population_couverte"] for line in told["seuils"]] == [
        share.within for share in again.shares
    ]
    classes = page.execute_script("return Array.from(msapEssai.resultat().classes)")
    assert len(classes) == len(demo.access)
    rows = dict(office_rows(page))
    assert rows.pop(office) == "ouvert"
    assert rows == {
        row.site_id: f"{'+' if row.population_gagnee else ''}{french.number(row.population_gagnee)}"
        for row in again.candidates.itertuples()
    }
    click(page, "Tout annuler")
    assert figures(page) == before
    assert fragment(page) == ""
    assert no_error(page)


def office_rows(browser):
    """Identifier and gain of each row of the offices, as they stand."""
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-essai-cadre')[0]"
        "  .querySelectorAll('tbody tr'),"
        "  r => [r.querySelector('input').dataset.essai, r.cells[2].textContent]);"
    )


def signs(browser):
    """What the legend counts, and the signs that stand on the map."""
    return browser.execute_script(
        "const told = {};"
        "document.querySelectorAll('[data-signe]').forEach("
        "  e => { told[e.dataset.signe] = Number(e.textContent.replace(/\\D/g, '')); });"
        "const map = kind => Array.from(document.querySelectorAll("
        "  '.leaflet-marker-icon .msap-signe-' + kind), e => e.textContent).sort();"
        "return [told, map('ouverte'), map('fermee'), map('proposee'), map('zone'), map('maison')];"
    )


def zone_rows(browser):
    return browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-zones-essai tbody tr'), r =>"
        "  [r.cells[0].textContent, r.cells[1].firstChild.textContent, r.cells[2].textContent,"
        "   r.cells[3].textContent]);"
    )


def fine_legend(browser):
    """People of each class of five minutes, as the legend tells them."""
    lines = browser.execute_script(
        "const s = document.getElementById('msap-theme'); s.value = 'fin';"
        "s.dispatchEvent(new Event('change'));"
        "return Array.from(document.querySelectorAll('[data-theme=fin] li'), e =>"
        "  [e.children[1].textContent, e.children[2].textContent]);"
    )
    return dict(map(tuple, lines))


def fine_people(access):
    steps = [0, 5, 10, 15, 20, 25, 30, 35, 40]
    names = ["5\u202fmin ou moins"]
    names += [f"de {low} à {low + 5}\u202fmin" for low in steps[1:-1]] + ["plus de 40\u202fmin"]
    found = {}
    for minutes, people in zip(access["minutes"], access["population"], strict=True):
        rank = next((i for i, high in enumerate(steps[1:]) if minutes <= high), len(steps) - 1)
        name = names[rank] if minutes == minutes else "sans route, ou temps inconnu"  # noqa: PLR0124
        found[name] = found.get(name, 0) + int(people)
    return {name: f"{french.number(people)} hab." for name, people in found.items()}


def set_choice(browser, opened, closed):
    browser.execute_script(
        "msapEssai.remplacer(arguments[0]);arguments[1].forEach(id => msapEssai.mettre(id, true));",
        list(opened),
        list(closed),
    )


def best_plan(plans, n):
    """Return the plan told beside a choice of n openings: three while nothing is open."""
    return plans[min(n or 3, len(plans)) - 1] if plans else None


def per_year(result, opened, closed=()):
    """Return what openings cost a year less what closings save, by siting's own tables."""
    kinds = result.la_poste.set_index("site_id").loc[list(opened), "genre"]
    shut = result.maisons.set_index("site_id").loc[list(closed), "genre"]
    model, year = study_costs(result.study), result.study.couts.annee
    spent = siting.plan_costs(model, kinds, first_year=year)
    saved = siting.closing_savings(model, shut, first_year=year)["montant_eur"].sum()
    state = spent[spent["payeur"].str.startswith("État")]["montant_eur"].sum()
    return (spent["montant_eur"].sum() - saved) / model.years, state / model.years


def test_every_figure_and_sign_follows_random_choices(page, demo):
    rng = np.random.default_rng(11)
    offices, maisons = demo.candidates["site_id"].to_numpy(), demo.maisons["site_id"].to_numpy()
    plans = simulation_of(demo).plans
    for n_open, n_closed in ((1, 0), (3, 2), (0, 3), (12, 1), (len(offices), len(maisons))):
        opened = [str(site) for site in rng.permutation(offices)[:n_open]]
        closed = [str(site) for site in rng.permutation(maisons)[:n_closed]]
        set_choice(page, opened, closed)
        again = scenario(demo, choose(demo, opened=opened, closed=closed))
        shown = figures(page)
        expected = expected_figures(again)
        assert expected.items() <= shown.items()
        plan = best_plan(plans, n_open)
        place = {site: str(rank) for rank, site in enumerate(plan["sites"], start=1)}
        told, opens, closes, proposed, zones, standing = signs(page)
        kept = demo.maisons[~demo.maisons["site_id"].isin(closed)]
        own = kept[~demo.neighbours.to_numpy()[kept.index]]
        by_kind = own["genre"].value_counts()
        for name, count in told.items():
            if name.startswith("maison:"):
                assert count == by_kind.get(name.removeprefix("maison:"), 0)
        assert told["candidat"] == len(again.candidates)
        assert (told["zone"], told["ouverte"], told["fermee"]) == (
            len(again.zones),
            n_open,
            n_closed,
        )
        assert opens == sorted(place.get(site, "+") for site in opened)
        assert closes == ["×"] * n_closed
        assert proposed == sorted(rank for site, rank in place.items() if site not in opened)
        assert told["proposee"] == len(proposed)
        assert zones == sorted(map(str, again.zones["rang"]))
        assert len(standing) == len(own)
        assert zone_rows(page) == [
            [
                str(zone.rang),
                zone.nom,
                french.number(zone.population),
                french.minutes(zone.minutes_max),
            ]
            for zone in again.zones.head(15).itertuples()
        ]
        assert fine_legend(page) == fine_people(again.access)
        rows = dict(office_rows(page)) if n_open == 1 else {}
        for row in again.candidates.itertuples() if rows else ():
            gained = french.number(row.population_gagnee)
            assert rows[row.site_id] == f"{'+' if row.population_gagnee else ''}{gained}"
        beside = page.execute_script(
            "const e = document.querySelector('.msap-plan-ecart'); return e && e.textContent"
        )
        gap = again.shares[0].within - plan["valeur"]
        sign = "+" if gap > 0 else "−" if gap < 0 else ""
        assert f": {sign}{french.number(abs(gap))} habitants" in beside
        more = per_year(demo, opened, closed)[0] - per_year(demo, plan["sites"])[0]
        words = "même coût" if not more else f"{french.euros(abs(more))} par an"
        assert words in beside
    assert no_error(page)


def test_the_slider_shows_each_proven_plan(page, demo):
    plans = simulation_of(demo).plans
    today = expected_figures(demo)
    slider = "const s = document.getElementById('msap-plan-nombre');"
    for plan in [*plans[:2], plans[-1]]:
        page.execute_script(
            slider + "s.value = arguments[0]; s.dispatchEvent(new Event('input'));", plan["n"]
        )
        again = scenario(demo, choose(demo, opened=plan["sites"]))
        assert again.shares[0].within == plan["valeur"] == plan["borne"]
        assert plan["gain"] == plan["valeur"] - demo.shares[0].within == sum(plan["apports"])
        shown = figures(page)
        assert expected_figures(again).items() <= shown.items()
        spent, state = per_year(demo, plan["sites"])
        assert shown["plan-gain"] == f"+{french.number(plan['gain'])}"
        assert shown["plan-prix"] == (
            f"{french.euros(spent)} par an, dont État {french.euros(state)}"
            f" ({french.number(100 * state / spent)}\u202f%)"
        )
        offices = "bureaux" if plan["n"] > 1 else "bureau"
        assert page.execute_script(slider + "return s.getAttribute('aria-valuetext');") == (
            f"{plan['n']} {offices}, {french.number(plan['gain'])} habitants, "
            f"{french.euros(spent)} par an"
        )
        assert signs(page)[1] == sorted(str(n + 1) for n in range(plan["n"]))
        assert fragment(page) == "#o=" + ",".join(plan["sites"])
        assert page.execute_script("return document.querySelector('.msap-plan-compare').hidden")
    page.execute_script(slider + "s.value = 0; s.dispatchEvent(new Event('input'));")
    shown = figures(page)
    assert today.items() <= shown.items()
    assert page.execute_script(slider + "return s.getAttribute('aria-valuetext');").startswith(
        "aujourd’hui"
    )


def test_a_budget_takes_the_plan_of_most_people_it_pays_for(page, demo):
    plans = simulation_of(demo).plans
    prices = [per_year(demo, plan["sites"])[0] for plan in plans]
    page.find_element("css selector", "input[value=budget]").click()
    slider = "const s = document.getElementById('msap-plan-nombre');"
    assert text_of(page, "label[for=msap-plan-nombre]") == "Quel budget par an ?"
    assert page.execute_script(slider + "return Number(s.max)") >= max(prices)
    # Just enough for a plan or one euro short of it, whatever the step of the slider.
    for budget in (0, prices[0] - 1, prices[0], prices[1], prices[2] - 1, prices[2], prices[-1]):
        page.execute_script(
            slider + "s.step = 1; s.value = arguments[0]; s.dispatchEvent(new Event('input'));",
            round(budget),
        )
        paid = [
            plan for plan, price in zip(plans, prices, strict=True) if price <= round(budget) + 0.5
        ]
        best = max(paid, key=lambda plan: plan["gain"], default={"sites": [], "n": 0, "gain": 0})
        again = scenario(demo, choose(demo, opened=best["sites"]))
        assert expected_figures(again).items() <= figures(page).items()
        offices = french.counted(best["n"], "bureau").replace("bureaus", "bureaux")
        words = f"{offices}, {french.people(best['gain'])}" if paid else "aucun bureau"
        told = page.execute_script(slider + "return s.getAttribute('aria-valuetext');")
        assert told.replace("\u00a0", " ") == (
            f"{french.euros(round(budget))} par an : {words}".replace("\u00a0", " ")
        )
    # Another choice: the handle says what it costs.
    set_choice(page, [str(demo.candidates["site_id"].iloc[-1])], [])
    told = page.execute_script(slider + "return s.getAttribute('aria-valuetext');")
    assert told.startswith("votre choix : 1")
    assert no_error(page)


@pytest.fixture
def two_halves(browser, demo, tmp_path, monkeypatch):
    """The demo as a territory too wide for every trip, west and east two départements of it."""
    x = demo.communes.representative_point().x
    half = dict(zip(demo.communes["code_insee"], np.where(x < x.median(), "53", "72"), strict=True))
    monkeypatch.setattr(payload, "_MANY_COMMUNES", 100)
    monkeypatch.setattr(trips, "TOO_MANY", 0)
    monkeypatch.setattr(what_if, "departement_of", lambda code: half[code])
    content = run_study(sample_study()).map_content()
    codes = content.communes["code_insee"].map(half)
    sites = dict(content.simulation.sites)
    # The page knows where an office is by its commune's code.
    sites["code_insee"] = [half.get(code, code[:2]) + code[2:] for code in sites["code_insee"]]
    content = dataclasses.replace(
        content,
        communes=content.communes.assign(departement=codes),
        simulation=dataclasses.replace(content.simulation, sites=sites),
    )
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    for _ in range(200):
        if browser.execute_script("return Boolean(msapEssai.moteur())"):
            break
        time.sleep(0.05)
    of = demo.candidates.set_index("site_id")["code_insee"].map(half)
    return content, codes, of


def choose_half(browser, code):
    browser.execute_script(
        "const s = document.getElementById('msap-territoire');"
        "s.value = arguments[0]; s.dispatchEvent(new Event('change'));",
        code,
    )


def test_a_departement_of_a_wide_territory_has_its_plan_and_trial(browser, demo, two_halves):
    content, codes, of = two_halves
    plans = content.simulation.plans_by
    assert set(plans) == {"53", "72"}
    slider = "const s = document.getElementById('msap-plan-nombre');"
    move = slider + "s.value = arguments[0]; s.dispatchEvent(new Event('input'));"
    assert not browser.find_elements("id", "msap-trop-vaste")
    options = browser.execute_script(
        "return Array.from(document.getElementById('msap-territoire').options, o => o.value)"
    )
    assert options == ["", "53", "72"]
    opened = []
    for code in ("53", "72"):
        choose_half(browser, code)
        best = plans[code][-1]
        assert set(of[best["sites"]]) == {code}
        browser.execute_script(move, best["n"])
        opened += best["sites"]
        # What is chosen in the other half stays, and counts.
        again = scenario(demo, choose(demo, opened=opened))
        shown = figures(browser)
        assert expected_figures(again).items() <= shown.items()
        assert shown["plan-gain"] == f"+{french.number(best['gain'])}"
        far = ~(again.access["minutes"] <= 20).to_numpy() & (codes == code).to_numpy()
        left = french.people(int(again.access["population"][far].sum()))
        assert f"{left} au-delà de 20" in shown["departement"]
        inside = set(np.flatnonzero(codes == code))
        ours = [bool({*rows} & inside) for rows in rows_of(again.zones["communes"], demo.access)]
        heading = text_of(browser, "#msap-section-zones h2 small")
        assert heading == f" {DEPARTEMENTS[code]} ({code}) : {sum(ours)} sur {len(ours)}"
        assert [row[0] for row in zone_rows(browser)] == [
            str(rank) for rank, here in zip(again.zones["rang"], ours, strict=True) if here
        ][:15]
        browser.execute_script("document.querySelector('.msap-essai-choix details').open = true;")
        for _ in range(50):
            rows = {site for site, _ in office_rows(browser)}
            if rows:
                break
            time.sleep(0.05)  # a fold fills itself an instant after it opens
        assert rows == set(of.index[of == code])
        assert browser.execute_script("return document.querySelector('.msap-plan-compare').hidden")
    choose_half(browser, "53")
    browser.execute_script(move, 0)
    assert fragment(browser) == "#o=" + ",".join(plans["72"][-1]["sites"])
    choose_half(browser, "")
    whole = content.simulation.plans[len(plans["72"][-1]["sites"]) - 1]
    assert figures(browser)["plan-gain"] == f"+{french.number(whole['gain'])}"
    assert no_error(browser)


def rows_of(groups, access):
    """Rows of the communes of each zone."""
    row = {code: i for i, code in enumerate(access["code_insee"])}
    return [[row[code] for code in codes] for codes in groups]


def test_on_paper_the_departement_chosen_fills_its_frame(browser, two_halves):
    content, codes, _ = two_halves
    degrees = content.communes.geometry.to_crs(4326)

    def printed():
        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        west, south, east, north = map(
            float,
            browser.execute_script("return msap.etat.carte.getBounds().toBBoxString()").split(","),
        )
        browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
        return west, south, east, north

    whole = printed()
    choose_half(browser, "53")
    west, south, east, north = printed()
    left, bottom, right, top = degrees[codes == "53"].total_bounds
    assert west < left < right < east
    assert south < bottom < top < north
    assert (east - west) * (north - south) < (whole[2] - whole[0]) * (whole[3] - whole[1])


@pytest.mark.parametrize("size", [(768, 1024), (768, 560), (1024, 640), (900, 900)])
def test_on_a_tablet_the_legend_hides_nothing_of_the_departement_entered(
    browser, two_halves, tmp_path, size
):
    _, codes, _ = two_halves
    visit(browser, tmp_path / "carte.html", size=size)
    browser.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    rows = np.flatnonzero(codes == "72").tolist()
    browser.execute_script("document.querySelector('.msap-cle').open = true")
    browser.execute_script("msap.entrer(arguments[0])", rows[0])
    hidden = browser.execute_script(
        "const map = msap.etat.carte, d = msap.donnees(), frame = map.getSize();"
        "const at = map.getContainer().getBoundingClientRect();"
        "const key = document.querySelector('.msap-cle').getBoundingClientRect();"
        "return arguments[0].filter(i => {"
        "  const p = map.latLngToContainerPoint("
        "    d.repere.latlng(d.communes.x[i], d.communes.y[i]));"
        "  const x = p.x + at.left, y = p.y + at.top;"
        "  const under = x > key.left && x < key.right && y > key.top && y < key.bottom;"
        "  return under || p.x < 0 || p.y < 0 || p.x > frame.x || p.y > frame.y;"
        "})",
        rows,
    )
    assert hidden == []


def test_entering_a_departement_takes_its_plan(browser, two_halves):
    _, codes, _ = two_halves
    browser.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    browser.execute_script("msap.entrer(arguments[0])", int(np.flatnonzero(codes == "72")[0]))
    chosen = "return document.getElementById('msap-territoire').value"
    assert browser.execute_script(chosen) == "72"
    assert no_error(browser)


def test_of_a_wide_view_the_signs_of_the_plan_stay(browser, two_halves):
    browser.execute_script("msap.etat.carte.setZoom(6, {animate: false})")
    shown = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-marque')).filter("
        "  e => getComputedStyle(e).display !== 'none').map(e => e.textContent)"
    )
    proposed = min(3, len(two_halves[0].simulation.plans))
    assert sorted(shown) == [str(n + 1) for n in range(proposed)]


@pytest.mark.usefixtures("two_halves")
def test_without_the_means_to_unfold_the_page_says_so(browser, tmp_path):
    page = tmp_path / "carte.html"
    text = page.read_text(encoding="utf-8")
    before, packed = text.split('id="msap-essai-plie">', 1)
    (tmp_path / "vieux.html").write_text(
        f'{before}id="msap-essai-plie">AAAA{packed}', encoding="utf-8"
    )
    visit(browser, tmp_path / "vieux.html")
    for _ in range(100):
        said = text_of(browser, "#msap-plan")
        if "ne sait pas" in said:
            break
        time.sleep(0.05)
    assert "Ce navigateur ne sait pas ouvrir le plan" in said


def test_variants_of_a_plan_gain_as_many_and_a_gain_on_the_edge_is_counted(demo):
    threshold, tried = demo.study.threshold, 0
    for plan in simulation_of(demo).plans[:5]:
        again = scenario(demo, choose(demo, opened=plan["sites"]))
        before, after = demo.access["minutes"], again.access["minutes"]
        gained = (~(before <= threshold)) & (after <= threshold)
        close = gained & (after > threshold - 1)
        assert plan["fragile"] == demo.access.loc[close, "population"].sum()
        for place, others in enumerate(plan["variantes"]):
            for other in others:
                swapped = [*plan["sites"][:place], other, *plan["sites"][place + 1 :]]
                assert (
                    scenario(demo, choose(demo, opened=swapped)).shares[0].within
                    == (plan["valeur"])
                )
                tried += 1
        assert all(0 < share <= 1 for share in plan["tenus"])
    assert tried


def test_undo_and_redo(page, demo):
    first, second = demo.candidates["site_id"].iloc[:2]
    tick(page, first)
    tick(page, second)
    click(page, "Annuler")
    assert fragment(page) == f"#o={first}"
    click(page, "Rétablir")
    assert fragment(page) == f"#o={first},{second}"
    keys = selenium.Keys
    page.find_element("css selector", "body").send_keys(keys.CONTROL, "z")
    assert fragment(page) == f"#o={first}"
    tick(page, first)
    assert status(page).startswith("Rien d’ouvert")
    assert no_error(page)


def test_a_tick_keeps_the_focus_and_is_read_aloud(page, demo):
    office = demo.candidates["site_id"].iloc[3]
    tick(page, office)
    page.execute_script(
        "document.querySelector('[data-essai=\"' + arguments[0] + '\"]').focus()", office
    )
    page.switch_to.active_element.send_keys(" ")
    focused = page.execute_script("return document.activeElement.dataset.essai")
    assert focused == office
    live = page.find_element("css selector", ".msap-essai-bilan")
    assert live.get_attribute("aria-live") == "polite"


def test_the_address_restores_the_choice(browser, demo_page, demo):
    office, maison = demo.candidates["site_id"].iloc[2], demo.maisons["site_id"].iloc[0]
    browser.get("about:blank")
    browser.get(f"{demo_page.as_uri()}#o={office}&f={maison}")
    assert status(browser).startswith("1\u00a0ouverture, 1\u00a0fermeture : ")
    # Another address of the same page, typed by hand; what it does not know is told.
    hostile = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    browser.execute_script(
        "location.hash = arguments[0]", f"#o={office},{office},{hostile},%E0%A4%A&f={office}&x=1&y"
    )
    browser.execute_script("return new Promise(r => setTimeout(r, 100))")
    assert status(browser).startswith("1\u00a0ouverture : ")
    told = text_of(browser, ".msap-essai-alerte")
    assert "<img src=x onerror=alert(1)>, %E0%A4%A, " in told
    assert browser.execute_script("return document.querySelectorAll('.msap-essai img').length") == 0
    browser.execute_script("location.hash = '#o=constructor,__proto__'")
    browser.execute_script("return new Promise(r => setTimeout(r, 100))")
    assert status(browser).startswith("Rien d’ouvert")
    assert no_error(browser)


def test_a_popup_opens_and_closes(page, demo):
    office = demo.candidates["site_id"].iloc[0]
    page.execute_script("msap.montrerSite(arguments[0])", office)
    (text,) = popups(page)
    gained = french.number(demo.candidates["population_gagnee"].iloc[0])
    assert f"S’il ouvrait+{gained} habitants" in text
    page.find_element("css selector", ".msap-fiche .msap-actions button").click()
    assert fragment(page) == f"#o={office}"
    banner = text_of(page, ".msap-bandeau-essai")
    assert banner.startswith("SIMULATION : 1\u00a0ouverture")
    page.execute_script("msap.montrerCommune(0)")
    # The popup left behind may still be fading.
    assert any("Avec la simulation" in text for text in popups(page))


def test_an_office_is_found_by_its_name(page, demo):
    page.execute_script(
        "document.querySelectorAll('.msap-essai-choix details').forEach(d => { d.open = true; });"
        "const i = document.querySelector('.msap-essai-cherche input'); i.value = 'LAVÀL';"
        "i.dispatchEvent(new Event('input'));"
    )
    found = page.execute_script(
        "return Array.from(document.querySelectorAll('.msap-essai-cadre')[0]"
        "  .querySelectorAll('tbody input'), e => e.dataset.essai)"
    )
    ours = demo.candidates
    here = ours["nom"].str.contains("Laval") | ours["commune"].str.contains("Laval")
    assert found == ours.loc[here, "site_id"].tolist()
    assert 0 < len(found) < len(ours)


def test_a_choice_is_told_beside_the_plan_of_as_many(page, demo):
    plans = simulation_of(demo).plans
    last = demo.candidates["site_id"].iloc[-1]
    tick(page, last)
    mine = scenario(demo, choose(demo, opened=[last])).shares[0].within
    told = text_of(page, ".msap-plan-compare")
    assert f"−{french.number(plans[0]['valeur'] - mine)} habitants à 20\u202fmin" in told
    assert "même coût" in told
    assert "Y perdent : " in told
    page.execute_script("document.querySelector('.msap-plan-essayer').click()")
    assert fragment(page) == "#o=" + plans[0]["sites"][0]
    assert page.execute_script("return document.querySelector('.msap-plan-compare').hidden")


def test_a_change_is_instant(page):
    milliseconds = page.execute_script(
        "const E = msapEssai.moteur(), times = [];"
        "for (let i = 0; i < 15; i += 1) { const t = performance.now();"
        "  msapEssai.mettre(E.sites.site_id[E.nMaisons + i], true);"
        "  times.push(performance.now() - t); }"
        "return times.sort((a, b) => a - b)[7];"
    )
    assert milliseconds < 50


@pytest.mark.parametrize("width", [360, 1440])
def test_the_table_of_every_plan_fits_its_frame(browser, demo_page, demo, width):
    browser.get("about:blank")
    screen = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width == 360}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        browser.get(demo_page.as_uri())
        rows, over = browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "const box = document.querySelector('.msap-plan details');"
            "box.addEventListener('toggle', () => setTimeout(() => {"
            "  const frame = box.querySelector('.msap-defile');"
            "  done([box.querySelectorAll('th[scope=rowgroup]').length,"
            "    frame.scrollWidth - frame.clientWidth]); }));"
            "box.open = true;"
        )
        assert rows == len(simulation_of(demo).plans) > 1
        assert over <= 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_at_360_pixels_and_to_axe(browser, demo_page, demo):
    browser.get("about:blank")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        browser.get(f"{demo_page.as_uri()}#o={demo.candidates['site_id'].iloc[0]}")
        browser.execute_script(
            "document.querySelectorAll('.msap-essai details').forEach(d => { d.open = true; });"
        )
        wide = browser.execute_script(
            "const p = document.getElementById('msap-panneau');"
            "const over = Array.from(document.querySelectorAll('.msap-essai table'),"
            "  t => t.offsetWidth - t.parentElement.clientWidth);"
            "return [document.documentElement.scrollWidth, p.scrollWidth - p.clientWidth, ...over];"
        )
        assert wide[0] <= 360
        assert max(wide[1:]) <= 0
        browser.find_element("css selector", ".msap-essai").screenshot(
            str(PICTURES / "essai-360.png")
        )
        axe = files("axe_playwright_python") / "axe.min.js"
        browser.execute_script(axe.read_text(encoding="utf-8"))
        found = browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run('.msap-essai').then(r => done(r.violations.map("
            "  v => [v.impact, v.id, v.nodes.map(n => n.html).slice(0, 3)])));"
        )
        assert [line for line in found if line[0] in {"serious", "critical"}] == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_hostile_names_are_text_and_come_back_whole(browser, tmp_path):
    toy = hostile_study(tmp_path)
    result = run_study(read_study(toy.path))
    write_study(result, tmp_path / "sortie")
    browser.get("about:blank")
    visit(browser, tmp_path / "sortie" / "carte.html")
    office, maison = result.candidates["site_id"].iloc[0], result.maisons["site_id"].iloc[0]
    tick(browser, office)
    tick(browser, maison)
    browser.execute_script(
        "document.querySelectorAll('.msap-essai details').forEach(d => { d.open = true; });"
    )
    shown = browser.execute_script("return document.querySelector('.msap-essai').textContent")
    assert HOSTILE[2] in shown
    assert HOSTILE[0] in shown
    assert browser.execute_script("return document.querySelectorAll('.msap-essai img').length") == 0
    for text, name in (("JSON", "choix.json"), ("CSV", "choix.csv")):
        again = scenario(result, read_choice(downloaded(browser, tmp_path, text, name)))
        assert expected_figures(again).items() <= figures(browser).items()
    assert no_error(browser)


def test_a_spreadsheet_takes_no_cell_for_a_formula(browser, toy_study, tmp_path):
    toy_study.write(la_poste=[poste_row(4, identifiant_a="=1+1", libelle_du_site="@SOMME(A1)")])
    result = run_study(read_study(toy_study.path))
    write_study(result, tmp_path / "sortie")
    browser.get("about:blank")
    visit(browser, tmp_path / "sortie" / "carte.html")
    tick(browser, "=1+1")
    path = downloaded(browser, tmp_path, "CSV", "choix.csv")
    text = path.read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    again = scenario(result, read_choice(path))
    assert again.shares[0].within == 1800 + 300
    assert fragment(browser) == "#o=%3D1%2B1"


def test_a_scenario_exports_the_whole_choice(browser, toy_study, tmp_path):
    result = run_study(read_study(toy_study.path))
    path = tmp_path / "premier.json"
    first = {
        "format": "msap-geo-choix",
        "version": 1,
        "etude": "Ville jouet",
        "departements": ["53"],
        "ouvertures": [{"site_id": "00004A"}],
        "fermetures": [],
    }
    path.write_text(json.dumps(first), encoding="utf-8")
    write_study(scenario(result, read_choice(path)), tmp_path / "sortie")
    browser.get("about:blank")
    visit(browser, tmp_path / "sortie" / "carte.html")
    tick(browser, "00001A")
    tick(browser, "1")
    again = scenario(result, read_choice(downloaded(browser, tmp_path, "JSON", "choix.json")))
    assert [site.site_id for site in again.choice.opened] == ["00004A", "00001A"]
    assert [site.site_id for site in again.choice.closed] == ["1"]
    assert expected_figures(again).items() <= figures(browser).items()


def beside(browser):
    """Figures of both choices, and the communes only one of them serves."""
    return browser.execute_script(
        "const box = document.querySelector('.msap-cote-choix');"
        "return box.hidden ? null : [Array.from(box.querySelectorAll('tbody tr'),"
        "  r => Array.from(r.cells, c => c.textContent)),"
        "  Array.from(box.querySelectorAll('.msap-cote-communes'), p => p.textContent),"
        "  msapCote.classes().classe];"
    )


def test_two_choices_side_by_side_are_those_of_python(page, demo):
    rng = np.random.default_rng(3)
    offices, maisons = demo.candidates["site_id"].to_numpy(), demo.maisons["site_id"].to_numpy()
    assert beside(page) is None
    for (a_open, a_closed), (b_open, b_closed) in (((2, 1), (3, 0)), ((0, 2), (5, 3))):
        choices = [
            (
                [str(site) for site in rng.permutation(offices)[:opened]],
                [str(site) for site in rng.permutation(maisons)[:closed]],
            )
            for opened, closed in ((a_open, a_closed), (b_open, b_closed))
        ]
        set_choice(page, *choices[0])
        page.execute_script(
            "document.querySelector('.msap-cote-choix').previousSibling.firstChild.click()"
        )
        set_choice(page, *choices[1])
        sides = [scenario(demo, choose(demo, opened=o, closed=c)) for o, c in choices]
        rows, words, classes = beside(page)
        shown = {name: cells for name, *cells in rows}
        signed = lambda gap: ("+" if gap > 0 else "−" if gap < 0 else "") + french.number(abs(gap))  # noqa: E731
        for rank, share in enumerate(sides[0].shares):
            within = [side.shares[rank].within for side in sides]
            assert shown[f"Habitants à {share.threshold:g}\u202fmin"] == [
                *map(french.number, within),
                signed(within[1] - within[0]),
            ]
        zones = [len(side.zones) for side in sides]
        assert shown["Zones blanches"] == [*map(str, zones), signed(zones[1] - zones[0])]
        spent = [per_year(demo, *choice)[0] for choice in choices]
        assert shown["Euros par an"][:2] == [french.euros(euros) for euros in spent]
        first, second = (
            (side.access["minutes"] <= demo.study.threshold).to_numpy() for side in sides
        )
        expected = np.select([first & ~second, second & ~first, first & second], [0, 1, 2], 3)
        assert classes == expected.tolist()
        people = demo.access["population"].to_numpy()
        for text, only in zip(words, (first & ~second, second & ~first), strict=True):
            told = french.people(int(people[only].sum())) if only.any() else "aucune commune"
            assert told in text
            assert all(name in text for name in demo.access["nom"].to_numpy()[only])
    # The link brings both back.
    address = page.execute_script("return location.href")
    before = beside(page)
    page.get("about:blank")
    page.get(address)
    assert beside(page) == before
    assert no_error(page)


def shown_cover(browser):
    """What the legend counts of each kind of cover, and the table before and after."""
    return browser.execute_script(
        "return [Array.from(document.querySelectorAll('[data-theme=couverture] .msap-compte'),"
        "  e => e.textContent),"
        "  Array.from(document.querySelectorAll('.msap-essai-avant tbody tr'), r => [r.cells[0]"
        "    .textContent, r.cells[1].textContent, r.cells[2].textContent])]"
    )


def test_ticking_stops_moves_hours_and_cover_as_python_does(browser, toy_study, tmp_path):
    result = run_study(read_study(with_rounds(toy_study.path)))
    write_study(result, tmp_path / "sortie")
    address = tmp_path / "sortie" / "carte.html"
    visit(browser, address)
    (tuesday, thursday), (planned,) = (
        rounds.stop_ids(stops) for stops in (result.stops, result.planned)
    )
    tick(browser, tuesday)
    tick(browser, planned)
    tick(browser, thursday)
    again = scenario(result, choose(result, opened=[planned], closed=[tuesday, thursday]))
    people = again.people_by_cover()
    legend, table = shown_cover(browser)
    assert legend == [f"{french.number(people[kind])} hab." for kind in people]
    told = {name: (before, after) for name, before, after in table}
    assert told["Itinérante seulement"] == (
        french.number(result.people_by_cover()[rounds.ITINERANT]),
        french.number(people[rounds.ITINERANT]),
    )
    mean = np.average(again.cover["heures_itinerantes"], weights=again.access["population"])
    hours = "Heures itinérantes à portée, par habitant et semaine"
    assert told[hours][1] == french.number(mean, 2)
    card = browser.execute_script(
        "return msap.donnees().communes.nom.map((_, c) =>"
        "  msap.etat.dits.avant.map(fn => fn(c) || []).flat())"
    )
    assert ["Couverture avec la simulation", "itinérant"] in card[4]
    assert ["Heures itinérantes avec la simulation", "1,0 h par semaine"] in card[4]
    # What is taken away is the same choice, whatever the form; the address too.
    for text, name in (("JSON", "choix.json"), ("CSV", "choix.csv")):
        choice = read_choice(downloaded(browser, tmp_path, text, name))
        assert [site.site_id for site in choice.stops_opened] == [planned]
        assert {site.site_id for site in choice.stops_closed} == {tuesday, thursday}
        assert scenario(result, choice).people_by_cover() == people
    kept = fragment(browser)
    click(browser, "Tout annuler")
    legend, _ = shown_cover(browser)
    assert legend == [f"{french.number(n)} hab." for n in result.people_by_cover().values()]
    browser.execute_script("location.hash = arguments[0]", kept)
    for _ in range(50):
        if browser.execute_script("return !msapEssai.vide()"):
            break
        time.sleep(0.05)
    assert shown_cover(browser)[0] == [f"{french.number(people[kind])} hab." for kind in people]
    # A scenario's page: a stop it holds may be dropped again, and the whole is taken away.
    write_study(again, tmp_path / "scenario")
    visit(browser, tmp_path / "scenario" / "carte.html")
    (held,) = rounds.stop_ids(again.stops)
    tick(browser, held)
    (tmp_path / "choix.json").unlink()
    choice = read_choice(downloaded(browser, tmp_path, "JSON", "choix.json"))
    assert choice.stops_opened == ()
    assert {site.site_id for site in choice.stops_closed} == {tuesday, thursday}
    assert no_error(browser)


def test_two_choices_of_stops_side_by_side(browser, toy_study, tmp_path):
    result = run_study(read_study(with_rounds(toy_study.path)))
    write_study(result, tmp_path / "sortie")
    visit(browser, tmp_path / "sortie" / "carte.html")
    tuesday, thursday = rounds.stop_ids(result.stops)
    tick(browser, tuesday)
    click(browser, "Retenir ce choix (A) pour comparer")
    tick(browser, thursday)
    rows = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-cote-choix tbody tr'),"
        "  r => Array.from(r.cells, c => c.textContent))"
    )
    assert ["Arrêts de tournées changés", "1", "2", "+1"] in rows
    assert ["Aucune", "0", "1 500".replace(" ", "\u202f"), "+1\u202f500"] in rows
    kept = fragment(browser)
    visit(browser, tmp_path / "sortie" / "carte.html")
    browser.execute_script("location.hash = arguments[0]", kept)
    time.sleep(0.2)
    assert fragment(browser) == kept
    assert no_error(browser)
