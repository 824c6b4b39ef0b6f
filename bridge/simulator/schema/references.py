"""References: how objects name each other. Ids and keys inside the world, addresses, or small
objects, outside.

The texts of refusals are those of the framework's hyperlinked relations.
"""

from typing import Any
from urllib.parse import urlsplit

from bridge.simulator.schema import field_storage
from bridge.simulator.schema import kinds as table
from bridge.simulator.schema.accounts import Caller
from bridge.simulator.schema.computed_fields import space_of
from bridge.simulator.schema.field_types import Field
from bridge.simulator.schema.routes import Routes
from bridge.simulator.world.entities import Space, Thing
from bridge.simulator.world.world import World

_GONE = "Invalid hyperlink - Object does not exist."
# what a space without any of its own may use of those above it
_SHARED = frozenset({"aggregator", "qos_profile", "mobile_provider_profile", "routing_group"})


class Reader:
    """Reads the references that one client sends: what they cannot see does not exist."""

    def __init__(self, world: World, routes: Routes, asker: Caller) -> None:
        self._world = world
        self._routes = routes
        self._asker = asker

    def read(self, field: Field, value: Any) -> Any:
        """Give the id (of a space: the key), None for null, a list for many. ValueError with the
        framework's text.
        """
        if value is None or (value == "" and field.null):
            if field.null:
                return None
            raise ValueError("This field may not be null.")
        if field.many:
            if not isinstance(value, list):
                raise ValueError(f'Expected a list of items but got type "{type(value).__name__}".')
            return list(dict.fromkeys(self._one(field, item) for item in value))
        return self._one(field, value)

    def _one(self, field: Field, value: Any) -> Any:
        if field.type == "space":
            thing = self._space(value)
        elif field.written == "nested":
            thing = self._nested(field, value)
        else:
            thing = self._linked(value, field.of)
        if not self._asker.sees(self._world, thing) and not self._shared(thing):
            raise ValueError(_GONE)
        if isinstance(thing, Space):
            return thing.key
        return table.id_of(thing)

    def _shared(self, thing: Thing) -> bool:
        return thing.kind in _SHARED and space_of(self._world, thing) in self._world.above(
            self._asker.home
        )

    def _space(self, value: Any) -> Thing:
        """A space may be named by an object with its url or key, or by its address."""
        if isinstance(value, dict) and "url" not in value:
            return self._known(self._world.spaces.get(str(value.get("key"))))
        return self._linked(value["url"] if isinstance(value, dict) else value, ("space",))

    def _nested(self, field: Field, value: Any) -> Thing:
        if isinstance(value, dict):
            number = value.get("id")
        else:
            number = value
        if isinstance(number, bool) or not isinstance(number, int):
            raise ValueError(  # noqa: TRY004
                f"Incorrect type. Expected pk value, received {type(number).__name__}."
            )
        found = field_storage.find(self._world, table.KINDS[field.of[0]], number)
        if found is None:
            raise ValueError(f'Invalid pk "{number}" - object does not exist.')
        return found

    def _linked(self, value: Any, kinds: tuple[str, ...]) -> Thing:
        if isinstance(value, dict) and isinstance(value.get("url"), str):
            value = value["url"]
        if not isinstance(value, str):
            raise ValueError(  # noqa: TRY004
                f"Incorrect type. Expected URL string, received {type(value).__name__}."
            )
        kind, arguments = self._routes.object_at(urlsplit(value).path)
        if kind is None:
            raise ValueError("Invalid hyperlink - No URL match.")
        # either address of an interface, and the generic one of a leg, lead to one of these kinds
        if kind.name not in kinds and not (
            kind.sequence in {"leg", "interface"} and kind.sequence in _sequences(kinds)
        ):
            raise ValueError("Invalid hyperlink - Incorrect URL match.")
        number = list(arguments.values())[-1]
        found = [field_storage.find(self._world, table.KINDS[name], number) for name in kinds]
        return self._known(next((thing for thing in found if thing is not None), None))

    def _known(self, thing: Thing | None) -> Thing:
        if thing is None:
            raise ValueError(_GONE)
        return thing


def _sequences(kinds: tuple[str, ...]) -> set[str]:
    return {table.KINDS[name].sequence for name in kinds}
