"""How the help of a verb is laid out: prose, options, then examples and exit codes last.

In a docstring, a paragraph whose first line ends in a colon is kept line by line and moved below
the options, where it stays in sight on a small screen.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import click

from heroes_forensics.errors import UsageError

_PATHS: Final = ("FILE", "PATH")
"""Stand in what the help calls an argument that may name a file, whose name is any bytes."""


class Verb(click.Command):
    """A command with its examples at the end, whose texts are texts."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever a verb returns
        """Run the verb, unless an argument cannot stand in a record.

        Raises:
            UsageError: a text holds bytes that are not UTF-8.
        """
        for parameter in self.params:
            shown = parameter.make_metavar(ctx)
            if parameter.type is click.STRING and not any(each in shown for each in _PATHS):
                for text in _texts(ctx.params.get(str(parameter.name))):
                    if not _is_text(text):
                        raise UsageError(
                            f"{parameter.get_error_hint(ctx)} holds bytes that are not text",
                            hint="write it in UTF-8",
                        )
        return super().invoke(ctx)

    def _paragraphs(self, *, kept: bool) -> list[str]:
        paragraphs = cleandoc(self.help or "").split("\n\n")
        return [each for each in paragraphs if each.split("\n")[0].endswith(":") is kept]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the prose."""
        del ctx
        for paragraph in self._paragraphs(kept=False):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(paragraph.replace("\n", " "))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples and tables as they stand."""
        del ctx
        for paragraph in self._paragraphs(kept=True):
            formatter.write_paragraph()
            formatter.write(paragraph + "\n")


class VerbGroup(Verb, click.Group):
    """A verb that has verbs of its own."""

    command_class = Verb


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of an argument; one that may be repeated, or that is a pair, has several."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
