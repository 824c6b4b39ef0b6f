"""The Celery app: messages carry ids only, results are ignored, waiting is a row with a due time
and never an ETA.

celery -A bridge.worker worker -Q observe,decide,deliver     carries out tasks, on many machines
celery -A bridge.worker beat                                 sends every periodic task each second
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import cache, wraps

import structlog
from celery import Celery
from celery.exceptions import WorkerLostError
from celery.platforms import SecurityWarning
from celery.signals import beat_init, setup_logging, worker_init, worker_ready
from kombu.exceptions import OperationalError
from redis import RedisError

from bridge import config, logging_setup, wiring
from bridge.config.time_zones import use_newest
from bridge.errors import BadInput, BridgeError
from bridge.pipeline.internal_errors import Part
from bridge.store.database import Away, Database

# A message that waited this long is stale: beat has long since rung the same bell again.
_EXPIRES = 30.0
_TICK = 1.0
# seconds without an answer after which a connection to the broker is given up
_SILENT = 5.0
_JOBS_A_MESSAGE = 20
_PERIODIC = {
    "keep_rules": _TICK,
    "expire_approvals": _TICK,
    "follow": _TICK,
    "ring_polls": _TICK,
    "ring_decisions": _TICK,
    "ring_jobs": _TICK,
    "forget_conversations": 10.0,
}
# of one server, where no budget says less: bells that nobody has heard yet are rung again, and must
# not bury the others
_POLLS_A_TICK = 50

# It warns root of messages that run as code; ours are JSON, and are never run.
warnings.filterwarnings("ignore", category=SecurityWarning)

_log = structlog.get_logger()
use_newest()


def _broker() -> str | None:
    try:
        return os.environ.get(f"{config.PREFIX}BROKER") or config.load(None).broker
    except BadInput as error:
        sys.exit(str(error))


app = Celery("bondbridge", broker=_broker())
app.conf.update(
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="decide",
    task_routes={"observe": {"queue": "observe"}, "deliver": {"queue": "deliver"}},
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # said, so that Celery does not ask when the broker is lost: none of our tasks is acknowledged
    # late, so none is cancelled
    worker_cancel_long_running_tasks_on_connection_loss=True,
    # A caller has better things to do than wait for a broker that is away; and a
    # connection whose other end is
    # silently gone, as behind a firewall that forgot it, is one that nobody will ever hear anything
    # on.
    broker_transport_options={
        "socket_connect_timeout": 2.0,
        "socket_timeout": _SILENT,
        "socket_keepalive": True,
        "health_check_interval": _SILENT,
    },
    # in memory: what is due stands in the database, so there is nothing for beat to remember
    beat_scheduler="celery.beat:Scheduler",
    beat_max_loop_interval=_TICK,
    # one entry for each periodic task: none waits for another, and one that fails stops none
    beat_schedule={
        name: {"task": name, "schedule": seconds, "options": {"expires": _EXPIRES}}
        for name, seconds in _PERIODIC.items()
    },
)


@cache
def bridge() -> wiring.Bridge:
    """This process's bridge, made after the fork that made the process."""
    return wiring.build(config.load(None))


def ring(task: str, *ids: str) -> None:
    """Ring a bell. What is lost here costs time, never work: the next tick rings again."""
    try:
        app.send_task(task, args=ids, expires=_EXPIRES, retry=False)
    except OperationalError as error:
        _log.warning("the broker does not answer", task=task, why=str(error))


def _task(function: Callable[..., None]) -> object:
    """A Celery task of the function's name; what it could not do now is said in one line and done
    at a later bell.
    """

    @wraps(function)
    def quiet(*ids: str) -> None:
        try:
            function(*ids)
        except BridgeError as error:
            _log.warning(f"{function.__name__} comes to nothing for now", why=str(error), ids=ids)
        except Away as error:
            _log.warning(
                f"{function.__name__}: the database cannot be used",
                why=str(error.orig).strip(),
                ids=ids,
            )
        # a fault of ours: counted and told once, not as often as the bell rings
        except Exception as error:  # noqa: BLE001
            _set_aside(function.__name__, error)

    return app.task(name=function.__name__)(quiet)


def _set_aside(task: str, error: Exception) -> None:
    try:
        bridge().faults.note(Part.of(error, "task", f"the task {task}"))
    # not even that can be written down: then it stands in the log
    except Exception as another:  # noqa: BLE001
        _log.error(f"{task} failed, and it cannot be noted", why=str(another), failed=repr(error))


def _ring_jobs(jobs: Sequence[str]) -> None:
    for start in range(0, len(jobs), _JOBS_A_MESSAGE):
        ring("deliver", *jobs[start : start + _JOBS_A_MESSAGE])


def _sweep() -> None:
    for server in bridge().decider.waiting():
        ring("decide", server)
    _ring_jobs(bridge().deliverer.due())


@_task
def keep_rules() -> None:
    """Notice a changed rule file though nothing happens."""
    bridge().decider.rulebook()


@_task
def expire_approvals() -> None:
    """Questions that nobody answered in time are a no."""
    bridge().approver.expire()


@_task
def forget_conversations() -> None:
    """Forget where answers went that nobody can be told any more."""
    bridge().conversations.prune()


@_task
def follow() -> None:
    """Tell again what lasts, or tell others."""
    bridge().follower.run()


@_task
def ring_polls() -> None:
    """Ring for every poll that is due."""
    for server, scope in bridge().observer.due(_POLLS_A_TICK):
        ring("observe", server, scope)


@_task
def ring_decisions() -> None:
    """Ring for every server that something is to be decided for."""
    for server in bridge().decider.waiting():
        ring("decide", server)


@_task
def ring_jobs() -> None:
    """Ring for every job that is due."""
    _ring_jobs(bridge().deliverer.due())


@_task
def observe(server: str, scope: str) -> None:
    """Poll one scope."""
    if bridge().observer.poll(server, scope, anyway=False):
        ring("decide", server)


@_task
def decide(server: str) -> None:
    """Decide all that waits for one server."""
    _ring_jobs([job.id for job in bridge().decider.run(server)])


@_task
def deliver(*jobs: str) -> None:
    """Try these jobs, and ring for what they lead to."""
    tried = [bridge().deliverer.run(job) for job in jobs]
    if any(tried):
        _sweep()


class _Lost(logging.Filter):
    """Of a process that was killed Celery tells its own traceback: what becomes of the work is
    worth more.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Say that in one line."""
        if isinstance(record.args, tuple) and record.args:
            lost = record.args[0]
        else:
            lost = None
        if isinstance(lost, WorkerLostError):
            record.msg = "%s; what it held goes on when its lease is over"
            record.args = (lost,)
            record.exc_info = None
        return True


def _configure_logging(**_: object) -> None:
    # what a broker that is away or hangs looks like to Celery
    logging_setup.configure(
        os.environ.get(f"{config.PREFIX}LOG_LEVEL", "INFO"),
        brief=(OSError, RedisError, OperationalError),
    )
    logging.getLogger("celery.worker.request").addFilter(_Lost())


def _agree_on_key(**_: object) -> None:
    """A worker with another key than the installation's would seal links that nobody else can open:
    it does not start.
    """
    settings = config.load(None)
    try:
        with suppress(Away), closing(Database(settings.database_url)) as database:
            wiring.agree_on_key(settings, database)
    except BadInput as error:
        sys.exit(str(error))


def _say_ready(**_: object) -> None:
    print("ready", flush=True)  # noqa: T201  the supervisor waits for this line


setup_logging.connect(_configure_logging)
worker_init.connect(_agree_on_key)
worker_ready.connect(_say_ready)
beat_init.connect(_say_ready)
