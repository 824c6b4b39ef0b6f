"""The nouns: frozen values that flow from one room to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bridge.core.requests import Request

# What survives a trip through JSON: dict, list, str, int, float, bool, None.
Json = Any
Body = Mapping[str, Json]


class Repeat(StrEnum):
    """What a second try of the same request would do; decides what a crash means."""

    READ = "read"
    SAFE = "safe"
    ONCE = "once"


class Mode(StrEnum):
    """Whether a rule acts, or only says what it would do."""

    LIVE = "live"
    DRY_RUN = "dry_run"


class Ruling(StrEnum):
    """The four things a verdict can be."""

    ACT = "act"
    SKIP = "skip"
    WAIT = "wait"
    ASK = "ask"


class Reason(StrEnum):
    """Why a verdict is not `act`. One list for log, table, page and test."""

    # what the event is
    CONDITION = "condition"
    CONDITION_ERROR = "condition_error"
    INTERNAL_ERROR = "internal_error"
    COUNT = "count"
    CAME = "came"
    OVER = "over"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    LOOP = "loop"
    FOR = "for"
    GROUP = "group"
    ABSENT = "absent"
    STALE = "stale"
    # what the rule is
    RULE_GONE = "rule_gone"
    RULE_CHANGED = "rule_changed"
    BREAKER = "breaker"
    DRY_RUN = "dry_run"
    # what stands against it
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    SPACE = "space"
    EXPLAINED = "explained"
    COOLDOWN = "cooldown"
    OVERLAP = "overlap"
    SUPERSEDED = "superseded"
    OPPOSED = "opposed"
    PRECONDITION = "precondition"
    STEP_FAILED = "step_failed"
    # what has to pass first
    SILENCED = "silenced"
    HANDS_OFF = "hands_off"
    FLAPPING = "flapping"
    INCIDENT = "incident"
    PAUSED = "paused"
    WINDOW = "window"
    STUCK = "stuck"
    LOCKED = "locked"
    RATE = "rate"
    LIMIT = "limit"
    UNREADABLE = "unreadable"
    # how people are told
    SEVERITY = "severity"
    QUIET = "quiet"
    DIGEST = "digest"
    AWAY = "away"
    # what a person is asked about
    UNDONE = "undone"
    TUNING = "tuning"
    BLAST_RADIUS = "blast_radius"
    APPROVAL = "approval"
    CONFIRMATION = "confirmation"
    ROLLOUT = "rollout"
    IN_DOUBT = "in_doubt"
    DENIED = "denied"
    UNANSWERED = "unanswered"


class Outcome(StrEnum):
    """How one attempt ended. `unknown`: it may or may not have taken effect."""

    DONE = "done"
    FOUND_DONE = "found_done"
    NOT_DONE = "not_done"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class JobState(StrEnum):
    """Where a job stands.

    `waiting`: for the step or the batch before it. `held`: for a person's yes. `verifying`: done,
    its effect not seen yet. The others but `due` are final, `in_doubt` until a person decides.
    """

    WAITING = "waiting"
    HELD = "held"
    DUE = "due"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    SKIPPED = "skipped"
    IN_DOUBT = "in_doubt"


OPEN = frozenset({JobState.WAITING, JobState.HELD, JobState.DUE, JobState.VERIFYING})


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as a poll saw it: `body` in our words, `raw` in the vendor's, secrets digested in
    both.
    """

    kind: str
    id: str
    body: Body
    raw: Body = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """One object as the store knows it.

    `counts` says how many events of each type it has had (law 6), and outlives the object: should
    it come back, its events get new ids. `missing_since` is when it was first absent from a
    complete walk, `last_seen` when the last one began that showed it in a state we know, by the
    server's clock: nothing is known of it since.
    """

    seen: Seen
    counts: Mapping[str, int] = field(default_factory=dict)
    missing_since: datetime | None = None
    gone: bool = False
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One object before and after; `None` before means it is new, `None` after that it is gone."""

    kind: str
    id: str
    before: Body | None
    after: Body | None
    fields: frozenset[str] = frozenset()

    @property
    def body(self) -> Body:
        """The newest state there is of the object."""
        if self.after is not None:
            return self.after
        return self.before or {}


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. `time`: when, in domain time; `seen_at`: when the bridge learned of it.

    `exact`: the server itself told the time. `known`: what the bridge knew about it when it was
    decided (schema.KNOWN). `only`: the one rule that what is already so was found for. `on_server`:
    between which times of the server's own clock it happened, which stay true when ours is set; one
    time twice where it is exact.
    """

    id: str
    type: str
    server: str
    subject: str
    time: datetime
    seen_at: datetime
    data: Body
    exact: bool = False
    known: Body = field(default_factory=dict)
    only: str | None = None
    on_server: tuple[datetime | None, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule's guards concluded, and why."""

    ruling: Ruling
    reason: Reason | None = None
    detail: str = ""
    until: datetime | None = None

    def __str__(self) -> str:
        if self.reason:
            return f"{self.ruling}({self.reason})"
        return str(self.ruling)


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is tried again: `on` which outcomes, `every` and `until` in seconds
    after the event.
    """

    on: frozenset[Outcome]
    every: float
    until: float


@dataclass(frozen=True, slots=True)
class Job:
    """One action owed because of one decision.

    `event`: the one that this turn of the step is about. `request` is all the action needs,
    rendered. `doubt`: an earlier attempt may have taken effect, so look first. `due_at` and
    `not_after` are domain times. `target`: what a call touches, such as "bond/3", or where a notice
    is told, such as "noc/0", or "". `rollout`: `{"batch": 2, "pause": 120, "stop_on": […]}` where
    it goes in batches. `verify`: `{"expect": "…" or null, "within": 300}` where its effect is to be
    seen, `verify_until` by when. `parent`: the job whose failure it answers. `since`: from when on
    it was to be done, None where that is when it fell due; what waits to be told at one address is
    told in this order.
    """

    id: str
    decision: str
    event: str
    rule: str
    server: str
    step: int
    action: str
    request: Request
    retry: Retry
    due_at: datetime
    not_after: datetime
    state: JobState = JobState.DUE
    doubt: bool = False
    attempts: int = 0
    target: str = ""
    rollout: Body | None = None
    verify: Body | None = None
    verify_until: datetime | None = None
    parent: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gathering:
    """A group while events join it: `key` is what they have in common, `until` when it is
    complete.
    """

    id: str
    key: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule met one event or one group of them: the verdict, how it came about, and every fact
    it was made from.

    `event`: the first of `events`. `cooldowns`: the keys it reserves. `due_at`: when it is judged
    again; None when it is settled. `group`: the one that the event waits in. `about`: what it is
    about, for `overlap` and for counting. `supersedes`: earlier decisions whose jobs that have not
    begun it takes the place of. `left_out`: why steps of the rule are none of its jobs.
    """

    id: str
    event: str
    rule: str
    rulebook: str
    server: str
    verdict: Verdict
    at: datetime
    trace: tuple[Body, ...]
    facts: Body
    jobs: tuple[Job, ...] = ()
    cooldowns: tuple[str, ...] = ()
    due_at: datetime | None = None
    events: tuple[str, ...] = ()
    group: Gathering | None = None
    about: str = ""
    supersedes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether there is acting to wait for: dry runs and mere notices have their turn at
        once.
        """
        return any(job.action == "call" for job in self.jobs)
