"""Wrong usage of the command line, in the user's language: what the parser of the command line objects to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from typer._click import exceptions  # typer has no public names for what its parser raises

from dagster_project.errors import UsageError

if TYPE_CHECKING:
    from typer._click.core import Parameter

#: Whatever the parser objects to.
ParserError = exceptions.ClickException
#: No word of a group of commands was given: its help is shown.
HelpAsked = exceptions.NoArgsIsHelpError
#: Where the parser tells by its words alone what it objects to: how they begin, and our message.
_SPOKEN = {
    "No such command": "usage.unknown_command",
    "Missing command": "usage.no_command",
    "Got unexpected extra argument": "usage.too_many",
}
_NAMED = re.compile(r"'(?P<quoted>[^']*)'| \((?P<listed>.*)\)$")


def explain_usage(error: ParserError) -> UsageError:
    """What is wrong, with the command whose help tells more; all parameters that are missing at once."""
    from dagster_project.text import nearest

    context = error.ctx if isinstance(error, exceptions.UsageError) else None
    command = context.command_path if context else "kho"
    match error:
        case exceptions.MissingParameter():
            return UsageError("usage.missing", names=_missing(error), command=command)
        case exceptions.BadParameter():
            code = "usage.not_a_number" if "valid integer" in error.message else "usage.wrong_value"
            name = _name(error.param) if error.param else "–"
            return UsageError(code, name=name, detail=error.message, command=command)
        case exceptions.NoSuchOption():
            known = [opt for one in context.command.params for opt in one.opts] if context else []
            return UsageError(
                "usage.unknown_option",
                name=error.option_name,
                suggestion=nearest(error.option_name, known),
                command=command,
            )
        case exceptions.BadOptionUsage():
            takes = "requires" in error.message
            code = "usage.value_needed" if takes else "usage.no_value_taken"
            return UsageError(code, name=error.option_name, command=command)
    found = _NAMED.search(error.message)
    names = (found["quoted"] or found["listed"]) if found else ""
    code = next((ours for begin, ours in _SPOKEN.items() if error.message.startswith(begin)), "usage.other")
    commands = getattr(context.command, "commands", {}) if context else {}
    return UsageError(
        code, names=names, suggestion=nearest(names, commands), detail=error.message, command=command
    )


def _missing(error: exceptions.MissingParameter) -> str:
    """Every parameter that must be given and was not: the parser reads those that were given first."""
    if error.ctx is None:
        return "–"
    asked = [one for one in error.ctx.command.params if one.required and one.name not in error.ctx.params]
    return ", ".join(map(_name, asked))


def _name(parameter: Parameter) -> str:
    """An option as it is typed, an argument as the help names it."""
    if parameter.param_type_name == "option":
        return max(parameter.opts, key=len)
    return str(parameter.name)
