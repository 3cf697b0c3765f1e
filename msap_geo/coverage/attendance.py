"""Observed visits: Huff's law and the capacity of an hour read from them, saturation of sites.

Notation: pᵢ people of place i, Sⱼ weekly hours of site j, tᵢⱼ minutes, wⱼ weeks, Vⱼ visits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from msap_geo.coverage.catchments import HUFF, Huff, huff_probabilities
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

FEWEST, FEW = 6, 15
"""Sites with visits below which nothing is calibrated, and below which they are few; ours."""

WEEKS_A_YEAR = 52.0
FULL_QUANTILE = 0.9
"""The capacity of an open hour is what nine sites in ten do not exceed: a frontier, ours."""

SATURATED, BUSY = 1.0, 0.8

CALIBRATED, OF_FEW, TOO_FEW = "calé", "calé sur peu de sites", "trop peu de sites"
NO_BETTER = "pas mieux que des visites égales"

_BOUNDS = ((0.0, 3.0), (0.0, 6.0))
"""Of the exponents of size and of time: outside, what is fitted is noise."""

_STARTS = 3
_SAME = 1e-6
_Z95 = 1.959963984540054


class Calibration(NamedTuple):
    """Huff's law read from observed visits.

    Parameters
    ----------
    huff
        Exponents of size and of time, as fitted; the usual ones where too few sites are observed.
    visits_per_person
        Visits a year of an inhabitant with a site within the bound, by :attr:`law`, or NaN.
    standard_errors
        Of the exponents of size and of time; NaN for one that was not read.
    size_known
        Whether sizes differ enough for their exponent to be read; else it stays the usual one.
    sites
        How many sites were observed.
    r2
        1 − Σ(V − μ)² / Σ(V − V̄)², over sites.
    deviance, deviance_explained
        Of Poisson's law, and the share it is smaller by than that of equal visits a week.
    dispersion
        Pearson's χ² by degree of freedom, 1 for Poisson's law; its root widens the errors.
    per_hour
        Visits an open hour can receive (:data:`FULL_QUANTILE` of those observed).
    capacity_people
        Inhabitants a site of median hours can serve: visits it can receive by visits a person.
    status
        One of :data:`CALIBRATED`, :data:`OF_FEW`, :data:`NO_BETTER`, :data:`TOO_FEW`.
    visits_a_week
        Of an observed site, were they all alike.
    """

    huff: Huff
    visits_per_person: float
    standard_errors: tuple[float, float]
    size_known: bool
    sites: int
    r2: float
    deviance: float
    deviance_explained: float
    dispersion: float
    per_hour: float
    capacity_people: float
    status: str
    visits_a_week: float = float("nan")

    @property
    def law(self) -> Huff:
        """The law to count with: the fitted one if it tells more than equal visits do."""
        return self.huff if self.status in {CALIBRATED, OF_FEW} else HUFF


def calibrate(
    times: TravelTimes,
    people: NDArray[np.float64],
    hours: NDArray[np.float64],
    visits: NDArray[np.float64],
    weeks: NDArray[np.float64],
) -> Calibration:
    """Read Huff's exponents from visits, by the likelihood of Poisson's law.

    μⱼ = r wⱼ/52 Σᵢ pᵢ Sⱼᵃ tᵢⱼ⁻ᵇ / Σₖ Sₖᵃ tᵢₖ⁻ᵇ over every site, observed or not; a, b and r make
    the deviance 2 Σ [V ln(V/μ) − (V − μ)] of the observed ones least (Nakanishi & Cooper,
    *Parameter estimation for a multiplicative competitive interaction model*, Journal of Marketing
    Research 11, 1974, read Huff's law from choices; Poisson pseudo-likelihood is that of Davies &
    Guy, *The statistical modeling of flow data when the Poisson assumption is violated*,
    Geographical Analysis 19, 1987). Of r, given a and b: Σ V / Σ μ with r = 1.

    Parameters
    ----------
    times
        Travel times from places to every site.
    people
        Inhabitants of each place, rows of ``times``.
    hours
        Weekly hours of each site, columns of ``times``.
    visits, weeks
        Visits of each site and the weeks they were counted in; NaN where not observed.

    Returns
    -------
    Calibration
        The law, its fit, and the capacity of an hour.

    Raises
    ------
    DataError
        If a length is not that of the times, or a count is negative.
    """
    seen = np.isfinite(visits) & (weeks > 0)
    if len(people) != times.minutes.shape[0] or any(
        len(column) != times.minutes.shape[1] for column in (hours, visits, weeks)
    ):
        raise DataError(
            "les visites ne sont pas celles de ces lieux et de ces sites",
            remedy="donner une valeur par lieu et par site, dans l'ordre des temps de trajet",
        )
    if (visits[seen] < 0).any():
        raise DataError("des visites sont négatives", remedy="corriger le fichier de fréquentation")
    fitted = _Fit(times, people, hours, visits, weeks, seen)
    reached = fitted.model(HUFF)[seen] > 0
    n = int(reached.sum())
    per_hour = _per_hour(hours, visits, weeks, seen)
    if n < FEWEST or visits[seen].sum() <= 0:
        nan = float("nan")
        return Calibration(
            HUFF, nan, (nan, nan), False, n, nan, nan, nan, nan, per_hour, nan, TOO_FEW
        )
    return _calibrated(fitted, per_hour)


class _Fit:
    """Visits of Poisson's law, of which exponents are tried."""

    def __init__(
        self,
        times: TravelTimes,
        people: NDArray[np.float64],
        hours: NDArray[np.float64],
        visits: NDArray[np.float64],
        weeks: NDArray[np.float64],
        seen: NDArray[np.bool_],
    ) -> None:
        self.times, self.people, self.hours = times, people, hours
        usable = seen & (self.model(HUFF) > 0)
        self.seen = usable
        self.visits = visits[usable]
        self.share = np.where(usable, weeks / WEEKS_A_YEAR, 0.0)
        open_hours = hours[usable]
        self.sized = bool(
            len(open_hours) and np.ptp(open_hours) > _SAME * max(float(open_hours.max()), _SAME)
        )

    def model(self, huff: Huff) -> NDArray[np.float64]:
        """Return the people each site draws."""
        shares = huff_probabilities(
            self.times, huff.attraction(self.hours), exponent=huff.time_exponent
        )
        drawn: NDArray[np.float64] = shares.T @ self.people
        return drawn

    def expected(self, huff: Huff) -> NDArray[np.float64]:
        """Return the visits of each observed site, as many together as observed."""
        drawn = (self.model(huff) * self.share)[self.seen]
        total = drawn.sum()
        return drawn * (self.visits.sum() / total) if total > 0 else np.full(len(drawn), np.nan)

    def rate(self, huff: Huff) -> float:
        """Return the visits of a person in a year."""
        return float(self.visits.sum() / (self.model(huff) * self.share)[self.seen].sum())

    def deviance(self, exponents: Sequence[float]) -> float:
        """Return the deviance of exponents: of size (where it is read) and of time."""
        return poisson_deviance(self.visits, self.expected(self.law(exponents)))

    def law(self, exponents: Sequence[float]) -> Huff:
        """Return the law of exponents; the usual size where sizes do not differ."""
        values = [float(value) for value in exponents]
        return Huff(*values) if self.sized else Huff(HUFF.size_exponent, values[-1])


def poisson_deviance(visits: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return 2 Σ [V ln(V/μ) − (V − μ)], the deviance of Poisson's law.

    Parameters
    ----------
    visits
        What was observed.
    expected
        What was expected, above zero wherever something was observed.

    Returns
    -------
    float
        Zero where all are equal.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(visits > 0, visits * np.log(visits / expected), 0.0)
    return float(2 * (logs - visits + expected).sum())


def _calibrated(fitted: _Fit, per_hour: float) -> Calibration:
    sizes = np.linspace(*_BOUNDS[0], 5) if fitted.sized else [None]
    slopes = np.linspace(*_BOUNDS[1], 9)
    tried = [
        [float(slope)] if size is None else [float(size), float(slope)]
        for size in sizes
        for slope in slopes
    ]
    tried.sort(key=fitted.deviance)
    bounds = _BOUNDS if fitted.sized else _BOUNDS[1:]
    found = min(
        (
            minimize(fitted.deviance, start, method="Nelder-Mead", bounds=bounds,
                     options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 500})
            for start in tried[:_STARTS]
        ),
        key=lambda result: float(result.fun),
    )  # fmt: skip
    law = fitted.law(np.round(found.x, 6))
    expected, visits = fitted.expected(law), fitted.visits
    deviance = poisson_deviance(visits, expected)
    even = fitted.share[fitted.seen]
    null = poisson_deviance(visits, even * visits.sum() / even.sum())
    spread = float(((visits - visits.mean()) ** 2).sum())
    free = len(visits) - (3 if fitted.sized else 2)
    dispersion = float(((visits - expected) ** 2 / expected).sum() / free)
    explained = 1 - deviance / null if null > 0 else float("nan")
    state = (CALIBRATED if len(visits) >= FEW else OF_FEW) if explained > 0 else NO_BETTER
    rate = fitted.rate(HUFF if state == NO_BETTER else law)
    median = float(np.median(fitted.hours[fitted.hours > 0])) if (fitted.hours > 0).any() else 0.0
    return Calibration(
        huff=law,
        visits_per_person=rate,
        standard_errors=_errors(fitted, law, expected, dispersion),
        size_known=fitted.sized,
        sites=len(visits),
        r2=1 - float(((visits - expected) ** 2).sum()) / spread if spread > 0 else float("nan"),
        deviance=deviance,
        deviance_explained=explained,
        dispersion=dispersion,
        per_hour=per_hour,
        capacity_people=per_hour * median * WEEKS_A_YEAR / rate if rate > 0 else float("nan"),
        status=state,
        visits_a_week=float(visits.sum() / (even.sum() * WEEKS_A_YEAR)),
    )


def _errors(
    fitted: _Fit, law: Huff, expected: NDArray[np.float64], dispersion: float
) -> tuple[float, float]:
    """Return the standard errors of both exponents, by Fisher's information of Poisson's law."""
    step = 1e-4
    at = [law.size_exponent, law.time_exponent]
    columns = []
    for axis in (0, 1) if fitted.sized else (1,):
        ends = []
        for sign in (-1, 1):
            moved = list(at)
            moved[axis] += sign * step
            ends.append(np.log(fitted.expected(Huff(*moved))))
        columns.append((ends[1] - ends[0]) / (2 * step))
    slopes = np.column_stack([*columns, np.ones(len(expected))])
    information = slopes.T @ (expected[:, None] * slopes)
    spread = np.sqrt(np.clip(np.diag(np.linalg.pinv(information)), 0, None))
    spread *= np.sqrt(max(dispersion, 1.0))
    errors = [float(value) for value in spread[: len(columns)]]
    return (errors[0], errors[1]) if fitted.sized else (float("nan"), errors[0])


def _per_hour(
    hours: NDArray[np.float64],
    visits: NDArray[np.float64],
    weeks: NDArray[np.float64],
    seen: NDArray[np.bool_],
) -> float:
    known = seen & (hours > 0)
    if not known.any():
        return float("nan")
    return float(np.quantile(visits[known] / (hours[known] * weeks[known]), FULL_QUANTILE))


def calibration_table(found: Calibration) -> pd.DataFrame:
    """Return a calibration as one row, with the intervals of its exponents at 95 %.

    Parameters
    ----------
    found
        What :func:`calibrate` gave.

    Returns
    -------
    pandas.DataFrame
        ``statut, nb_sites, exposant_temps, exposant_temps_bas, exposant_temps_haut,
        exposant_taille, exposant_taille_bas, exposant_taille_haut, visites_par_habitant, r2,
        deviance, deviance_expliquee, surdispersion, visites_par_heure, capacite_habitants``.
    """
    row: dict[str, object] = {"statut": found.status, "nb_sites": found.sites}
    fitted = found.status != TOO_FEW
    for name, value, error, (least, most) in (
        ("temps", found.huff.time_exponent, found.standard_errors[1], _BOUNDS[1]),
        ("taille", found.huff.size_exponent, found.standard_errors[0], _BOUNDS[0]),
    ):
        row[f"exposant_{name}"] = round(value, 3)
        known = fitted and np.isfinite(error)
        row[f"exposant_{name}_bas"] = round(max(least, value - _Z95 * error), 3) if known else None
        row[f"exposant_{name}_haut"] = round(min(most, value + _Z95 * error), 3) if known else None
    row |= {
        "visites_par_habitant": round(found.visits_per_person, 4),
        "r2": round(found.r2, 4),
        "deviance": round(found.deviance, 2),
        "deviance_expliquee": round(found.deviance_explained, 4),
        "surdispersion": round(found.dispersion, 2),
        "visites_par_heure": round(found.per_hour, 3),
        "capacite_habitants": round(found.capacity_people, 0),
    }
    table = pd.DataFrame([row])
    texts = ("statut", "nb_sites")
    return table.astype({name: float for name in table.columns if name not in texts})


def saturation(
    found: Calibration,
    times: TravelTimes,
    people: NDArray[np.float64],
    sites: pd.DataFrame,
) -> pd.DataFrame:
    """Return what each site receives beside what its hours can, the fullest first.

    Parameters
    ----------
    found
        What :func:`calibrate` gave.
    times, people
        As for :func:`calibrate`.
    sites
        ``site_id, nom, heures, visites, semaines`` in the order of the columns of ``times``.

    Returns
    -------
    pandas.DataFrame
        ``site_id, nom, heures, visites_an`` (observed, brought to a year; null where not),
        ``visites_modele`` (by the law, all alike where it tells no more; null where too few sites
        are observed), ``capacite_an``,
        ``saturation`` (visits observed, of the law else, by capacity) and ``etat``: *saturée* from
        1, *chargée* from 0.8, *libre*, *inconnu*.
    """
    hours = sites["heures"].to_numpy(dtype=float)
    weeks = sites["semaines"].to_numpy(dtype=float)
    seen = np.isfinite(sites["visites"].to_numpy(dtype=float)) & (weeks > 0)
    yearly = np.full(len(sites), np.nan)
    yearly[seen] = sites["visites"].to_numpy(dtype=float)[seen] * WEEKS_A_YEAR / weeks[seen]
    law = found.huff
    shares = huff_probabilities(times, law.attraction(hours), exponent=law.time_exponent)
    modelled = found.visits_per_person * (shares.T @ people)
    if found.status == NO_BETTER:
        modelled = np.where(modelled > 0, found.visits_a_week * WEEKS_A_YEAR, 0.0)
    capacity = found.per_hour * hours * WEEKS_A_YEAR
    told = np.where(np.isfinite(yearly), yearly, modelled)
    ratio = np.divide(told, capacity, out=np.full(len(sites), np.nan), where=capacity > 0)
    state = np.select(
        [np.isnan(ratio), ratio >= SATURATED, ratio >= BUSY],
        ["inconnu", "saturée", "chargée"],
        default="libre",
    )
    table = pd.DataFrame(
        {
            "site_id": sites["site_id"].to_numpy(dtype=object),
            "nom": sites["nom"].to_numpy(dtype=object),
            "heures": hours.round(2),
            "visites_an": yearly.round(0),
            "visites_modele": modelled.round(0),
            "capacite_an": capacity.round(0),
            "saturation": ratio.round(4),
            "etat": state.astype(object),
        }
    )
    return table.sort_values(["saturation", "site_id"], ascending=[False, True], ignore_index=True)
