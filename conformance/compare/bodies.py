"""Comparing a body with what it may be: exact bytes, or members of a tree, each with the rules that it would break."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.compare.explode import UNPARSED, Atom
from reference_model.expectation import Body, Member, Unknown
from reference_model.merge import same
from reference_model.payload.json import write
from reference_model.rule import Because, R

shown_chars_max = 200
"""Values in findings are cut to this length; the recording has them whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`field`: path of the first difference (`/qty`), empty for the whole body."""

    because: Because
    field: str
    expected: str
    seen: str


@dataclass(slots=True, kw_only=True)
class Comparison:
    """differences; the rules that the comparison put to the test; what was chosen where several were allowed."""

    differences: list[Difference] = field(default_factory=list)
    exercised: list[R] = field(default_factory=list)
    choices: list[tuple[R, str]] = field(default_factory=list)


def shown(value: object) -> str:
    """A value as a reader sees it."""
    if value is Unknown.ABSENT:
        return "absent"
    text = (value if isinstance(value, bytes) else write(value)).decode("utf-8", "backslashreplace")
    return text if len(text) <= shown_chars_max else text[:shown_chars_max] + "…"


def agrees(body: Body, atom: Atom) -> bool:
    """Whether the body is one of the allowed ones."""
    if body.exact is not None:
        if atom.body == body.exact:
            return True
        if body.verbatim or not body.members:
            return False
    elif not body.members:
        return True
    return not compare_body(body, atom).differences


def compare_body(body: Body, atom: Atom) -> Comparison:
    """All differences, the most telling first."""
    result = Comparison()
    if body.exact is not None and atom.body == body.exact:
        _all_exercised(body, result)
        return result
    tree = atom.tree
    if body.exact is not None and (not body.members or not isinstance(tree, dict)):
        because = body.verbatim or body.complete
        if because:
            result.exercised.append(because[0])
            result.differences.append(Difference(because=because, field="", expected=shown(body.exact), seen=shown(atom.body)))
        return result
    if not body.members and not body.complete:
        return result
    if tree is UNPARSED or not isinstance(tree, dict):
        because = body.complete or body.verbatim
        if because:
            result.exercised.append(because[0])
            result.differences.append(Difference(because=because, field="", expected="a JSON object", seen=shown(atom.body)))
        return result
    _compare_members(body, tree, result)
    if not result.differences and body.exact is not None and body.verbatim:
        result.exercised.append(body.verbatim[0])
        result.differences.append(Difference(because=body.verbatim, field="", expected=shown(body.exact), seen=shown(atom.body)))
    return result


def _all_exercised(body: Body, result: Comparison) -> None:
    for because in (body.verbatim, body.complete, *body.gone.values()):
        if because:
            result.exercised.append(because[0])
    for member in body.members.values():
        if member.because:
            result.exercised.append(member.because[0])
        if member.missing:
            result.exercised.append(member.missing[0])


def _compare_members(body: Body, tree: dict[str, object], result: Comparison) -> None:
    if body.complete:
        result.exercised.append(body.complete[0])
    for name, because in body.gone.items():
        result.exercised.append(because[0])
        if name in tree:
            result.differences.append(Difference(because=because, field=f"/{name}", expected="absent", seen=shown(tree[name])))
    for name, member in body.members.items():
        _compare_member(name, member, tree, result)
    for name, value in tree.items():
        if name not in body.members and name not in body.gone and body.complete:
            result.differences.append(Difference(because=body.complete, field=f"/{name}", expected="absent", seen=shown(value)))


def _compare_member(name: str, member: Member, tree: dict[str, object], result: Comparison) -> None:
    if isinstance(member.values, Unknown):
        if member.because:
            result.choices.append((member.because[0], "absent" if name not in tree else "present"))
        return
    seen = tree.get(name, Unknown.ABSENT)
    for index, value in enumerate(member.values):
        if _equal(value, seen):
            if member.choice is not None and len(member.values) > 1:
                result.choices.append((member.choice[0], member.choice[1][index]))
            elif member.because:
                result.exercised.append(member.because[0])
                result.exercised.extend(because[0] for because in member.inner.values())
                if member.missing:
                    result.exercised.append(member.missing[0])
            return
    because = member.because
    if seen is Unknown.ABSENT and member.missing:
        because = member.missing
    field_name, inner = f"/{name}", _first_difference(member.values[0], seen)
    for path, rules in member.inner.items():
        if inner == path or inner.startswith(path + "/"):
            because = rules
    if because:
        result.exercised.append(because[0])
        result.differences.append(
            Difference(
                because=because,
                field=field_name + inner,
                expected=" or ".join(shown(value) for value in member.values),
                seen=shown(seen),
            )
        )


def _equal(value: object, seen: object) -> bool:
    if value is Unknown.ABSENT or seen is Unknown.ABSENT:
        return value is seen
    return same(value, seen)


def _first_difference(expected: object, seen: object) -> str:
    """The path below a member at which two values first differ, empty for the member itself."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        for name in [*expected, *seen]:
            if name not in expected or name not in seen:
                return f"/{name}"
            if not same(expected[name], seen[name]):
                return f"/{name}" + _first_difference(expected[name], seen[name])
    return ""
