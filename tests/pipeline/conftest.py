from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.harness import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The stage with the rules of the three scenes that act."""
    with staged(tmp_path) as ready:
        yield ready
