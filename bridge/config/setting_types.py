"""Single values as they are written in the settings: lengths of time, names, and so many in so much
time.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.config.secrets import Frozen
from bridge.core.durations import seconds
from bridge.core.rules.models.rule import slug

Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
Name = Annotated[str, AfterValidator(slug)]


class Bound(Frozen):
    """At most so many calls in so much time."""

    most: int = Field(gt=0)
    every: Duration

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        if not isinstance(value, dict | Bound):
            msg = "so many in so much time are written {most: 20, every: 1m}; null is no limit"
            raise ValueError(msg)  # noqa: TRY004  pydantic collects ValueErrors
        return value
