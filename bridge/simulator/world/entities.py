"""What a world is made of: plain mutable records, and their names in truth, `set` and the state
file.

None of these is the vendor's JSON; `raw` makes that from them. What the world itself moves by has
attributes; every other configured field stands in `values`, by the vendor's name, where it differs
from the default of `table`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

Values = dict[str, Any]


@dataclass(slots=True)
class Space:
    """A customer's corner of the server, known by its key; only the root has no parent."""

    kind: ClassVar[str] = "space"
    id: int
    name: str
    key: str
    parent: str | None
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Aggregator:
    """The far end of bonds.

    `broken` is what is so; `status` ("up", "down") is what the server has noticed by `misses` in a
    row.
    """

    kind: ClassVar[str] = "aggregator"
    id: int
    name: str
    ip: str
    key: str
    note: str = ""
    broken: bool = False
    status: str = "up"
    misses: int = 0
    space: str = "root"
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Bond:
    """A customer's bonded line; `primary`, `secondary` and `current` are aggregator ids."""

    kind: ClassVar[str] = "bond"
    id: int
    name: str
    space: str
    bonder: int
    bonder_key: str
    primary: int
    secondary: int | None
    current: int
    circuit_id: str
    created: datetime
    note: str = ""
    packet_distribution: str = "idmpq"
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Leg:
    """One line of a bond.

    `line` is the state of the line alone, "up" or whatever a story or a person has put there.
    `state` is what shows, worked out from the line, the aggregator, a restart or move under way
    (`away_until`), and a test. Speeds in Mbit/s.
    """

    kind: ClassVar[str] = "leg"
    id: int
    bond: int
    note: str
    type: str
    failover: bool
    down_speed: float
    up_speed: float
    link_mode: str = "active"
    line: str = "up"
    state: str = "up"
    testing: bool = False
    away_until: datetime | None = None
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Tuning:
    """One tuning of one bond, or of one `leg` of it.

    `legs` are those to be tested, in order; `test_seconds` is how long one test takes. `status` is
    one of pending, waiting, running, finished, failed, canceled; `accepted` is None until a person
    decides.
    """

    id: int
    bond: int
    created: datetime
    test_seconds: float
    status: str = "pending"
    success: bool | None = None
    started: datetime | None = None
    finished: datetime | None = None
    legs: list[int] = field(default_factory=list)
    recommendations: dict[str, Any] | None = None
    accepted: bool | None = None
    leg: int | None = None

    @property
    def kind(self) -> str:
        """What truth calls it."""
        if self.leg is None:
            return "bond_tuning"
        return "leg_tuning"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status not in {"pending", "waiting", "running"}


@dataclass(slots=True)
class SpeedTest:
    """One speed test of one bond, or of one `leg` of it.

    `length` in seconds, `rate_limit` in Mbit/s. `status` is one of queued, running, finished,
    failed; `results` is None unless it finished.
    """

    kind: ClassVar[str] = "speedtest"
    id: int
    bond: int
    created: datetime
    leg: int | None = None
    protocol: str = "tcp"
    direction: str = "download"
    length: int = 10
    rate_limit: float | None = None
    concurrency: int = 1
    description: str = ""
    aggregator: int = 0
    status: str = "queued"
    started: datetime | None = None
    finished: datetime | None = None
    results: dict[str, Any] | None = None


@dataclass(slots=True)
class Backup:
    """One backup of the server; `size` in bytes, of one under way as far as it has come."""

    kind: ClassVar[str] = "backup"
    name: str
    size: int
    created: datetime
    complete: bool = True


@dataclass(slots=True)
class Telling:
    """A story under way or over: when it began, which round it is in (from 0).

    `cut`: the legs whose lines it has cut by chance and not mended yet. `rate`: how often it
    strikes, where it says so.
    """

    name: str
    started: datetime
    round: int = 0
    under_way: bool = True
    cut: list[int] = field(default_factory=list)
    rate: float | None = None


@dataclass(slots=True)
class Record:
    """Any other object: `kind` is its row in `table`, `parents` the ids it stands under, as in its
    path.

    A space among the parents goes by its key. References in `values` are ids, times are written
    out: all plain JSON.
    """

    kind: str
    id: int
    parents: dict[str, Any] = field(default_factory=dict)
    values: Values = field(default_factory=dict)


Thing = Space | Aggregator | Bond | Leg | Tuning | SpeedTest | Backup | Record
