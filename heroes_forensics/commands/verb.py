"""How the help of a verb is laid out: prose, options, then examples and exit codes last.

In a docstring, a paragraph whose first line ends in a colon is kept line by line and moved below
the options, where it stays in sight on a small screen.
"""

from inspect import cleandoc

import click


class Verb(click.Command):
    """A command with its examples at the end."""

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
