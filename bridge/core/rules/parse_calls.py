"""A call of a rule: whether it can be made, whether it gets what it needs, and no secret in
clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.model import Body, Json
from bridge.core.rules.models.rule import is_place
from bridge.core.rules.models.step import RemedyModel
from bridge.core.rules.parse_context import ParseContext, Shapes
from bridge.core.rules.rule import Fields, Step
from bridge.core.rules.vocabulary import nearest
from bridge.core.value_types import ANY
from bridge.core.yaml_document import Place

# what an expression of a type may give, for asking whether that can be an argument
_EXAMPLES: Mapping[str, Json] = {
    "text": "a name",
    "flag": True,
    "object": {},
    "list": [],
    "null": None,
}


def step(reading: ParseContext, model: RemedyModel, here: Place, shapes: Shapes) -> Step:
    """The call that stands at this place of the rule."""
    operation = model.call or ""
    call = _Call(reading, operation, here)
    if call.known():
        call.check(model.with_, model.set_)
    fields = reading.fields(model.with_, *here, "with", shapes=shapes)
    call.check_types(fields, shapes)
    return Step(
        "call",
        operation,
        fields,
        body=reading.fields(call.safe(model.set_), *here, "set", shapes=shapes),
    )


@dataclass(frozen=True, slots=True)
class _Call:
    reading: ParseContext
    operation: str
    here: Place

    def known(self) -> bool:
        """Whether it can be called; says so where it cannot."""
        words = self.reading.vocabulary
        if self.operation in words.refused:
            self._say("call", *words.refused[self.operation])
            return False
        self.reading.named(
            self.operation,
            words.operations,
            "operation",
            "see docs/operations.md",
            *self.here,
            "call",
        )
        return self.operation in words.operations

    def check(self, given: Mapping[str, Json], fields: Body) -> None:
        """Its arguments, and whether it takes fields."""
        self._check_arguments(given)
        needs = self.reading.vocabulary.takes.get(self.operation)
        if fields and needs is None:
            self._say("set", f"{self.operation} takes no fields")
        if needs and not fields:
            self._say(
                "set", f"{self.operation} needs the fields to set", "write `set: {field: value}`"
            )

    def check_types(self, fields: Fields, shapes: Shapes) -> None:
        """An expression that gives a text where an id is wanted, or something that is no single
        value.
        """
        for name, template in fields.items():
            for expression in template.expressions if not template.worded else ():
                if not expression.paths:
                    continue  # a plain value, of which more is said elsewhere
                gives = next(
                    (expression.check(shape, shapes).type for shape in shapes.values()), ANY
                )
                example = _EXAMPLES.get(gives.group)
                if example is not None and self.reading.vocabulary.wrong(name, example):
                    what = (
                        f"{self.operation} takes an id as {name}, and {expression.source} is"
                        f" {gives}"
                    )
                    self.reading.say(
                        (*self.here, "with", name), what, f"did you mean ${{{name}.id}}?"
                    )

    def safe(self, fields: Body) -> Body:
        """The fields it sets, without secrets in clear: those are told, and not looked at any
        further.
        """
        words = self.reading.vocabulary
        known = self.operation in words.operations and self.operation not in words.refused
        if known and fields:
            told = words.secret(self.operation, fields)
        else:
            told = ()
        clear = [name for name in told if not is_place(fields[name])]
        for name in clear:
            mend = "write {env: NAME} or {file: PATH}, which is read when the call is sent"
            what = f"{name} is a secret, and no secret stands in a rule or is kept with a job"
            self.reading.say((*self.here, "set", name), what, mend)
            self.reading.hushed = True
        return {name: value for name, value in fields.items() if name not in clear}

    def _check_arguments(self, given: Mapping[str, Json]) -> None:
        words = self.reading.vocabulary
        names = words.operations[self.operation]
        for name in names:
            if name not in given:
                self._say(
                    "with",
                    f"{self.operation} needs {name!r}",
                    f'write `with: {{{name}: "${{…}}"}}`',
                )
        for name, value in given.items():
            if name not in names:
                self.reading.say(
                    (*self.here, "with", name),
                    f"{self.operation} takes no {name!r}",
                    nearest(name, names),
                )
            elif not (isinstance(value, str) and "${" in value) and words.wrong(name, value):
                self.reading.say((*self.here, "with", name), words.wrong(name, value))

    def _say(self, key: str, what: str, mend: str = "") -> None:
        self.reading.say((*self.here, key), what, mend)
