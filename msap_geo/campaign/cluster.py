"""Studies on a Dask cluster: an existing one, or workers of this machine where none is named.

Dask schedules, sends and tries again. A study is idempotent: its folder takes its place in one
switch, on the worker or here, so that one tried twice is the same once.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import platform
import secrets
import tempfile
import threading
import warnings
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo import loaders, outputs
from msap_geo.campaign.conduct import Outcome, conduct
from msap_geo.campaign.processes import FIRST_GUESS_BYTES, MOST_ATTEMPTS, died
from msap_geo.campaign.state import STATE, Fault, versions
from msap_geo.errors import ClusterError, MsapGeoError, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from msap_geo.campaign.processes import Bounds
    from msap_geo.campaign.tasks import Task

CONNECT_S, WORKERS_S = 20.0, 60.0
"""How long a scheduler has to answer, and its first worker to come, seconds."""

_ONE_AT_A_TIME = threading.Lock()
_READINGS = loaders.Readings()
"""What a worker has read, for its next study."""


@dataclass(frozen=True)
class _Job:
    """What a worker is sent: a study, where it goes, and what must be true of the worker."""

    task: Task
    folder: Path
    shared: bool
    expected: Mapping[str, str]


@dataclass(frozen=True)
class _Returned:
    """What comes back: an outcome, and the files of the study where no folder is shared."""

    outcome: Outcome
    archive: bytes = b""


def by_cluster(
    tasks: Sequence[Task],
    folder: Path,
    *,
    address: str | None = None,
    limits: Bounds,
    shared: bool | None = None,
) -> Iterator[Outcome]:
    """Make studies on a Dask cluster; give each outcome as it comes.

    Parameters
    ----------
    tasks
        Studies to make.
    folder
        Folder of the campaign.
    address
        Scheduler (``tcp://…``); where none is given, a cluster of this machine is made and ended.
    limits
        What such a cluster may use.
    shared
        Whether workers see our files and the folder of the campaign by the same paths; found out
        where not given. If they do not, files are sent once to each worker, and results come back
        through the scheduler.

    Yields
    ------
    Outcome
        One per study, whatever happens to its worker.

    Raises
    ------
    ClusterError
        If Dask is not installed, no scheduler answers, no worker comes, or one of them has other
        versions than ours.
    StudyError
        If files must be sent and lie outside of the folder of the pattern.
    """
    if not tasks:
        return
    if importlib.util.find_spec("distributed") is None:
        raise ClusterError(
            "le calcul sur Dask demande une bibliothèque de plus, « distributed »",
            remedy='installer "msap-geo[distributed]", ou retirer --calcul dask',
        )
    with _client(address, limits) as client:
        expected = versions()
        _refuse_other_versions(client, expected)
        if shared is None:
            shared = _sees_everything(client, tasks, folder)
        if not shared:
            client.register_plugin(_sent_files(tasks), name="msap-geo-fichiers")
        jobs = [_Job(task, folder, shared, expected) for task in tasks]
        yield from _outcomes(client, jobs, folder)


def _outcomes(client: Any, jobs: Sequence[_Job], folder: Path) -> Iterator[Outcome]:
    from distributed import as_completed  # noqa: PLC0415 - an extra

    token = secrets.token_hex(4)
    futures = {
        client.submit(
            make, job, key=f"{job.task.key}-{token}", pure=False, retries=MOST_ATTEMPTS - 1
        ): job.task
        for job in jobs
    }
    waited = as_completed(list(futures))  # type: ignore[no-untyped-call]
    while futures:
        try:
            future = next(waited)
        except (StopIteration, OSError, RuntimeError) as error:
            raise _lost() from error
        task = futures.pop(future)
        yield _outcome(future, task, folder)
        future.release()


def _outcome(future: Any, task: Task, folder: Path) -> Outcome:
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415 - an extra

    try:
        returned: _Returned = future.result()
        if returned.archive:
            _unpack(returned.archive, folder / task.key)
    except KilledWorker:
        return Outcome(task.key, fault=died(MOST_ATTEMPTS))
    except CancelledError as error:
        raise _lost() from error
    except MsapGeoError as error:
        return Outcome(task.key, fault=Fault(error.problem, error.where, error.remedy))
    except Exception as error:  # noqa: BLE001 - whatever a worker raised, other studies go on
        problem = f"un travailleur du calcul n'a pas pu faire cette étude ({type(error).__name__})"
        remedy = "vérifier que msap-geo y est installé comme ici, puis relancer avec --reprendre"
        return Outcome(task.key, fault=Fault(problem, None, remedy), trace=str(error))
    return returned.outcome


def _lost() -> ClusterError:
    return ClusterError(
        "le planificateur Dask ne répond plus",
        remedy="vérifier qu'il tourne toujours, puis relancer avec --reprendre : les études "
        "faites sont gardées",
    )


@contextmanager
def _client(address: str | None, limits: Bounds) -> Iterator[Any]:
    """Give a client of the scheduler named, else of a cluster of this machine."""
    import distributed  # noqa: PLC0415 - an extra

    # It logs in English what we tell in French.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if address is None:
        number = limits.workers(FIRST_GUESS_BYTES)
        share = limits.memory_bytes // number
        with (
            distributed.LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=number,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                memory_limit=share or "auto",
                silence_logs=logging.CRITICAL,
            ) as cluster,
            distributed.Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client
        return
    try:
        client = distributed.Client(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ClusterError(
            "aucun planificateur Dask ne répond à cette adresse",
            where=address,
            remedy="vérifier l'adresse (tcp://machine:8786) et qu'il est lancé (dask scheduler)",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError as error:
            raise ClusterError(
                "le planificateur Dask n'a aucun travailleur",
                where=address,
                remedy="en lancer (dask worker), ou attendre que la file du calcul les accorde",
            ) from error
        yield client


def _refuse_other_versions(client: Any, expected: Mapping[str, str]) -> None:
    """Refuse workers whose versions are not ours: the same study would not be the same bytes."""
    told = client.run(versions, on_error="return")
    for address, found in told.items():
        if not isinstance(found, dict):
            raise ClusterError(
                f"msap_geo ne peut pas être chargé par un travailleur ({type(found).__name__})",
                where=address,
                remedy="y installer msap-geo comme ici, par le même fichier de verrouillage",
            )
        _refuse_versions(found, expected, address)


def _refuse_versions(found: Mapping[str, str], expected: Mapping[str, str], where: str) -> None:
    other = [
        f"{name} {found.get(name, 'absent')} au lieu de {wanted}"
        for name, wanted in expected.items()
        if found.get(name) != wanted
    ]
    if other:
        raise ClusterError(
            f"un travailleur n'a pas les mêmes versions : {', '.join(other)}",
            where=where,
            remedy="y installer msap-geo comme ici, par le même fichier de verrouillage",
        )


def _sees_everything(client: Any, tasks: Sequence[Task], folder: Path) -> bool:
    """Tell whether every worker sees our files and the folder of the campaign."""
    state = folder / STATE
    state.mkdir(parents=True, exist_ok=True)
    witness = state / f"temoin-{secrets.token_hex(4)}"
    try:
        witness.touch()
        sizes = {str(path): path.stat().st_size for path in [witness, *_files_of(tasks)]}
        return all(client.run(_sees, sizes).values())
    finally:
        witness.unlink(missing_ok=True)


def _sees(sizes: Mapping[str, int]) -> bool:
    try:
        return all(Path(path).stat().st_size == size for path, size in sizes.items())
    except OSError:
        return False


def _files_of(tasks: Iterable[Task]) -> list[Path]:
    """Return every file the studies read, those that exist; a study that is wrong has none."""
    found: dict[Path, None] = {}
    for task in tasks:
        with suppress(MsapGeoError):
            study = task.study()
            given = [study.path(path) for paths in study.inputs().values() for path in paths]
            for path in [*given, *([task.choice] if task.choice else [])]:
                inside = path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*")
                found |= dict.fromkeys(one for one in sorted(inside) if one.is_file())
    return list(found)


def _sent_files(tasks: Sequence[Task]) -> Any:
    """Return what brings the files of the studies to each worker, present and to come, once."""
    from distributed import WorkerPlugin  # noqa: PLC0415 - an extra

    root = Path(tasks[0].content["folder"])
    contents = {}
    for path in _files_of(tasks):
        if not path.resolve().is_relative_to(root.resolve()):
            raise StudyError(
                "les travailleurs ne voient pas ce fichier, et il est hors du dossier du modèle",
                where=path,
                remedy="le mettre dans le dossier du modèle, ou partager son dossier avec eux",
            )
        contents[path.resolve().relative_to(root.resolve()).as_posix()] = path.read_bytes()

    class _Sent(WorkerPlugin):
        """Write the files in the worker's own folder."""

        def setup(self, worker: Any) -> None:
            for name, content in contents.items():
                place = Path(worker.local_directory) / "msap-geo" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    return _Sent()


def make(job: _Job) -> _Returned:
    """Make a study on a worker, one at a time in its process.

    Parameters
    ----------
    job
        What to make.

    Returns
    -------
    _Returned
        Its outcome, with its files where the folder of the campaign is not shared.

    Raises
    ------
    ClusterError
        If this worker has other versions than those asked for: it came after they were checked.
    """
    _refuse_versions(versions(), job.expected, platform.node())
    with _ONE_AT_A_TIME, loaders.read_once(_READINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a worker of this machine speaks on our own screen
        if job.shared:
            return _Returned(conduct(job.task, job.folder))
        return _made_apart(job.task)


def _made_apart(task: Task) -> _Returned:
    from distributed import get_worker  # noqa: PLC0415 - an extra

    root = Path(get_worker().local_directory) / "msap-geo"
    moved = replace(task, content={**task.content, "folder": root})
    if task.choice is not None:
        old = Path(task.content["folder"]).resolve()
        moved = replace(moved, choice=root / task.choice.resolve().relative_to(old))
    with tempfile.TemporaryDirectory(prefix="msap-geo-") as apart:
        outcome = conduct(moved, Path(apart))
        if outcome.fault is not None:
            return _Returned(outcome)
        return _Returned(outcome, _packed(Path(apart) / task.key, outcome.files))


def _packed(folder: Path, names: Iterable[str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(folder / name, name)
    return content.getvalue()


def _unpack(content: bytes, folder: Path) -> None:
    with outputs.complete_folder(folder) as draft, zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(draft)
