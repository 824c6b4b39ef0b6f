"""Faults of our own code, put where a test wants them: a function raises for what the test names,
else it does its work.
"""

from collections.abc import Callable
from typing import Any

import pytest


def fails(
    patch: pytest.MonkeyPatch, place: Any, name: str, when: Callable[..., bool] = lambda *_: True
) -> None:
    """From now on the function of this name raises KeyError wherever `when` holds of its
    arguments.
    """
    whole = getattr(place, name)

    def function(*args: Any, **more: Any) -> Any:
        if when(*args):
            raise KeyError("injected")
        return whole(*args, **more)

    patch.setattr(
        place,
        name,
        staticmethod(function) if isinstance(place.__dict__.get(name), staticmethod) else function,
    )
