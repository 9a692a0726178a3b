"""Reasons of a failed ack and the errors that they mean (wire.md §8), with the rule of each."""

from __future__ import annotations

from typing import Final

from reference_model.rule import R

ERRORS: Final = {
    "bad filter": ("BadFilterException", R("CLI-EXC-01")),
    "bad regex topic": ("BadRegexTopicException", R("CLI-EXC-02")),
    "not entitled": ("NotEntitledException", R("CLI-EXC-03")),
    "authentication failure": ("AuthenticationException", R("CLI-EXC-04")),
    "name in use": ("NameInUseException", R("CLI-EXC-05")),
    "invalid topic": ("InvalidTopicException", R("CLI-EXC-06")),
    "invalid options": ("InvalidOptionsException", R("CLI-EXC-07")),
    "invalid bookmark": ("InvalidBookmarkException", R("CLI-EXC-08")),
    "invalid order by": ("InvalidOrderByException", R("CLI-EXC-09")),
    "invalid subId": ("InvalidSubIdException", R("CLI-EXC-10")),
    "bad sow key": ("BadSowKeyException", R("CLI-EXC-11")),
    "subid in use": ("SubidInUseException", R("CLI-EXC-12")),
    "logon required": ("LogonRequiredException", R("CLI-EXC-13")),
    "duplicate logon attempt": ("DuplicateLogonException", R("CLI-EXC-14")),
    "no topic": ("MissingFieldsException", R("CLI-EXC-15")),
    "txn replay failed": ("ReplayFailedException", R("CLI-EXC-16")),
    "tx store failure": ("PublishException", R("CLI-EXC-17")),
}

LOGON_RULES: Final = {"name in use": R("CLI-LOGON-14")}


def error_of(reason: str, do: str) -> tuple[str, R]:
    """The name of the error that a failure with this reason raises in call `do`, and the rule that says so."""
    name, rule = ERRORS.get(reason, ("CommandException", R("CLI-EXC-18")))
    return name, LOGON_RULES.get(reason, R("CLI-LOGON-13")) if do == "logon" else rule
