"""``heroes completion``: the script that completes verbs and options in a shell."""

import click
from click.shell_completion import get_completion_class

from heroes_forensics.commands.output import Output
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE, UsageError

VARIABLE = "_HEROES_COMPLETE"
"""Set by the script when the shell asks for completions."""


@click.command("completion", cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script for a shell.

    Examples:
      heroes completion bash > ~/.local/share/bash-completion/completions/heroes
      heroes completion zsh > "${fpath[1]}/_heroes"
      heroes completion fish > ~/.config/fish/completions/heroes.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"there is no completion for {shell}")
    script = found(context.find_root().command, {}, "heroes", VARIABLE).source()
    Output(as_json=False).lines(script.splitlines())
    return DONE
