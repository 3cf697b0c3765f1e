"""The changes that cost people least, with their proof."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from msap_geo import french
from msap_geo.errors import DataError, InfeasibleError
from msap_geo.siting.adaptation.growing import Growing, chosen_of
from msap_geo.siting.plan import status
from msap_geo.siting.solving.gains import grain_of, rounded_up
from msap_geo.siting.solving.highs import Effort, Model, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.adaptation.question import Question

DEFAULT = Effort()
_ROUNDS = 200
_NOISE = 1e-6
_WHERE = "[adaptation] et options de la commande"
_LOCKED = 100.0


@dataclass(frozen=True, eq=False)
class Adaptation:
    """Changes to make, and the proof that none costs people less.

    Parameters
    ----------
    chosen
        Ranks of the changes, sorted.
    value, bound
        Person-minutes added to everyone's trips; what no other choice goes below.
    saved_eur
        Euros a year saved.
    status
        One of :mod:`msap_geo.siting.plan`.
    seconds
        Time taken.
    """

    chosen: NDArray[np.int64]
    value: float
    bound: float
    saved_eur: float
    status: str
    seconds: float

    @property
    def gap(self) -> float:
        """Distance from the value to the bound, as a share of the value."""
        distance = abs(self.value - self.bound)
        return distance / self.value if self.value else (0.0 if distance == 0 else np.inf)


def adapt(
    question: Question,
    *,
    count: int | None = None,
    saving_eur: float | None = None,
    effort: Effort = DEFAULT,
) -> Adaptation:
    """Choose the changes that add least to everyone's trips.

    Parameters
    ----------
    question
        The network, what may change, and what is promised.
    count
        How many changes, the imposed ones included.
    saving_eur
        Euros a year to save at least.
    effort
        Time, gap, seed and threads.

    Returns
    -------
    Adaptation
        The changes, their loss and its bound.

    Raises
    ------
    InfeasibleError
        If the rules do not allow so many changes (or so much saving), saying how many they do and
        which rules stand in the way.
    DataError
        If nothing was found in the time given.
    """
    if not question.changes and (count or saving_eur):
        raise InfeasibleError(
            "aucun point de contact ne peut changer : aucun n'est à la fois d'un genre qui peut "
            "devenir autre chose, et libre de le devenir",
            where=_WHERE,
            remedy="revoir types, devient, proteges et accords",
        )
    begin = time.perf_counter()
    growing = Growing(question)
    best: NDArray[np.int64] | None = None
    value, bound = np.inf, 0.0
    # Levels are sums of people times thousandths of a minute, tolls are not.
    tolls = np.array([change.toll for change in question.changes])
    for _ in range(_ROUNDS):
        left = effort.seconds - (time.perf_counter() - begin)
        if left <= 0:
            break
        model, x, column = growing.model()
        growing.promises(model, column)
        growing.numbers(model, x)
        _ask(model, x, question, count, saving_eur)
        answer = solve(model, replace(effort, seconds=left, gap=effort.gap / 2))
        if answer.infeasible:
            _explain(question, count, saving_eur, effort)
        grain = 0.0 if tolls.any() else grain_of(-model.cost[1])
        bound = max(bound, rounded_up(-answer.bound, grain))
        if not len(answer.x):
            break
        chosen = _spared(question, chosen_of(answer, len(x)), saving_eur)
        found = question.loss(chosen)
        if found < value and not question.broken(chosen):
            best, value = chosen, found
        near = best is not None and value - bound <= effort.gap * value + _NOISE
        if near or not growing.deepen(chosen_of(answer, len(x))):
            break
    if best is None:
        raise DataError(
            "aucune adaptation trouvée dans le temps donné",
            where="[adaptation] secondes",
            remedy="donner plus de secondes dans le fichier d'étude",
        )
    bound = min(bound, value)
    return Adaptation(
        best,
        value,
        bound,
        question.saved(best),
        status(value, bound, effort.gap),
        time.perf_counter() - begin,
    )


def near_equal(
    question: Question,
    first: Adaptation,
    *,
    count: int,
    within: float,
    saving_eur: float | None = None,
    effort: Effort,
) -> list[Adaptation]:
    """Return other choices that answer as the first does, each the best of those left.

    They make as many changes, or save as many euros where euros were asked for.

    Another choice changes another point, or takes another service away: an *agence* for a *relais*
    harms nobody otherwise, and is no other choice.

    Parameters
    ----------
    question
        The network, what may change, and what is promised.
    first
        The best choice.
    count
        How many others at most.
    within
        Share of its loss they may add.
    saving_eur
        Euros a year they save at least, by as many changes as it takes; None for as many changes.
    effort
        Time for all of them.
    """
    begin = time.perf_counter()
    growing = Growing(question)
    seen = [first.chosen]
    found: list[Adaptation] = []
    number = len(first.chosen) if saving_eur is None else None
    # No change at all is a choice by itself: a saving of nothing asks for none.
    while len(found) < (count if len(first.chosen) else 0):
        left = effort.seconds - (time.perf_counter() - begin)
        if left <= 0:
            break
        model, x, column = growing.model()
        growing.promises(model, column)
        growing.numbers(model, x)
        _ask(model, x, question, number, saving_eur)
        for chosen in seen:
            model.row(x[_alike(question, chosen)], 1.0, upper=len(chosen) - 1.0)
        answer = solve(model, replace(effort, seconds=left))
        if not len(answer.x) or -answer.bound > (1 + within) * first.value + _NOISE:
            break
        chosen = chosen_of(answer, len(x))
        if growing.deepen(chosen) and (
            question.broken(chosen) or question.loss(chosen) > -answer.value + _NOISE
        ):
            continue
        chosen = _spared(question, chosen, saving_eur)
        value = question.loss(chosen)
        if value > (1 + within) * first.value + _NOISE:
            break
        seen.append(chosen)
        bound = min(-answer.bound, value)
        found.append(
            replace(
                first, chosen=chosen, value=value, bound=bound, saved_eur=question.saved(chosen)
            )
        )
    return found


def _alike(question: Question, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return every change that harms as one of those chosen does."""

    def harm(rank: int) -> tuple[int, frozenset[str], float]:
        change = question.changes[rank]
        return change.point, change.loses, change.toll

    done = {harm(rank) for rank in chosen.tolist()}
    return np.array([rank for rank in range(len(question.changes)) if harm(rank) in done])


def _ask(
    model: Model,
    x: NDArray[np.int64],
    question: Question,
    count: int | None,
    saving_eur: float | None,
) -> None:
    if count is not None:
        model.row(x, 1.0, lower=float(count), upper=float(count))
    if saving_eur is not None:
        saves = np.array([change.saves_eur for change in question.changes])
        model.row(x, saves, lower=saving_eur - _NOISE)


def _spared(
    question: Question, chosen: NDArray[np.int64], saving_eur: float | None
) -> NDArray[np.int64]:
    """Leave out the changes a saving does not need, the most harmful first."""
    if saving_eur is None:
        return chosen
    kept = set(chosen.tolist())
    order = sorted(kept - question.imposed, key=lambda rank: question.changes[rank].saves_eur)
    for rank in order:
        fewer = kept - {rank}
        enough = question.saved(np.array(sorted(fewer))) >= saving_eur - _NOISE
        least = all(
            len(number.changes & fewer) >= min(number.least, len(number.changes & kept))
            for number in question.numbers
        )
        if enough and least:
            kept = fewer
    return np.array(sorted(kept), dtype=np.int64)


def _explain(
    question: Question, count: int | None, saving_eur: float | None, effort: Effort
) -> NoReturn:
    """Say how far the rules let one go, and which ones stand in the way."""
    euros = count is None
    most = _most(question, effort, euros=euros)
    if most is None:
        what = (
            "les transformations déjà accordées ne respectent pas toutes les règles"
            if question.imposed
            else "aucune adaptation ne respecte toutes les règles"
        )
        count = saving_eur = None  # the rules alone are in the way, whatever is asked
    elif euros:
        what = (
            f"économie de {french.number(saving_eur)} € par an : hors d'atteinte ; au plus "
            f"{french.number(most)} € avec ces règles, il en manque "
            f"{french.number(float(np.ceil((saving_eur or 0.0) - most)))}"
        )
    else:
        wanted = count or 0
        if wanted < len(question.imposed):
            what = (
                f"{french.counted(wanted, 'transformation')} : moins que les "
                f"{len(question.imposed)} déjà accordées"
            )
        elif wanted <= most:
            what = f"{french.counted(wanted, 'transformation')} : les règles en demandent davantage"
        else:
            what = (
                f"{french.counted(wanted, 'transformation')} : hors d'atteinte ; au plus "
                f"{french.number(most)} avec ces règles, il en manque "
                f"{french.number(wanted - most)}"
            )
    broken = _stretched(question, count, saving_eur, effort)
    raise InfeasibleError(
        " ; ".join([what, *broken]),
        where=_WHERE,
        remedy="demander moins, permettre d'autres transformations, ou assouplir ce qui est dit",
    )


def _most(question: Question, effort: Effort, *, euros: bool) -> float | None:
    """Return the most changes (or euros) the rules allow, None where nothing does."""
    growing = Growing(question)
    worth = [change.saves_eur if euros else 1.0 for change in question.changes]
    for _ in range(_ROUNDS):
        model, x, column = growing.model()
        growing.promises(model, column)
        growing.numbers(model, x)
        model.cost = [np.array(worth), *(np.zeros(len(cost)) for cost in model.cost[1:])]
        answer = solve(model, replace(effort, gap=0.0))
        if not len(answer.x):
            return None
        if not growing.deepen(chosen_of(answer, len(x))):
            return float(np.round(answer.value, 6))
    return None


def _stretched(
    question: Question, count: int | None, saving_eur: float | None, effort: Effort
) -> list[str]:
    """Return the rules to stretch, as few and as little as can be, in words."""
    growing = Growing(question)
    total = max(float(question.network.people.sum()), 1.0)
    for _ in range(_ROUNDS):
        model, x, column = growing.model()
        model.cost = [np.zeros(len(cost)) for cost in model.cost]
        n_promises, n_numbers = len(question.guarantees), len(question.numbers)
        promises = model.columns(n_promises, cost=-1.0 / total, upper=np.inf).tolist()
        numbers = model.columns(n_numbers, cost=-1.0, upper=np.inf, integer=True).tolist()
        imposed = sorted(question.imposed)
        model.lower[0] = np.zeros(len(x))
        freed = model.columns(len(imposed), cost=-_LOCKED).tolist()
        for rank, slack in zip(imposed, freed, strict=True):
            model.row([x[rank], slack], 1.0, lower=1.0)
        growing.promises(model, column, promises)
        growing.numbers(model, x, numbers)
        _ask(model, x, question, count, saving_eur)
        answer = solve(model, replace(effort, gap=0.0))
        if not len(answer.x):
            return []
        if not growing.deepen(chosen_of(answer, len(x))):
            return [
                *_told(question, answer.x, promises, numbers),
                *_unagreed(question, answer.x, imposed, freed),
            ]
    return []


def _unagreed(
    question: Question, x: NDArray[np.float64], imposed: list[int], freed: list[int]
) -> list[str]:
    """Return the changes agreed to that are in the way, whatever else is stretched."""
    return [
        f"accord donné au point {question.network.point_ids[change.point]} "
        f"(« {change.becomes} ») : à revoir"
        for change, column in zip((question.changes[rank] for rank in imposed), freed, strict=True)
        if x[column] > _NOISE
    ]


def _told(
    question: Question, x: NDArray[np.float64], promises: list[int], numbers: list[int]
) -> list[str]:
    told = []
    for promise, column in zip(question.guarantees, promises, strict=True):
        if x[column] > _NOISE:
            people = french.people(int(np.ceil(x[column] - _NOISE)))
            told.append(f"{promise.rule} ({promise.territory}) : {people} de trop")
    for number, column in zip(question.numbers, numbers, strict=True):
        if x[column] > _NOISE:
            amount = int(np.ceil(x[column] - _NOISE))
            bounds = (
                f"de {number.least} à {number.most}"
                if number.most is not None
                else (f"{number.least} au moins")
            )
            told.append(f"{number.name} : {bounds}, à déplacer de {amount}")
    return told
