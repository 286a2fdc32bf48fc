"""Write docs/cli.md from the help texts, or compare with them (``--check``)."""
# ruff: noqa: INP001 # a script, not a package

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from heroes_forensics.cli import GROUPS, heroes

TARGET = Path(__file__).with_name("cli.md")
WIDTH = 80

HEAD = """# Command line

This page is written from the help texts by `make docs`; a test keeps the two equal.

Standard output is the result, standard error is progress and messages. With `--json` a verb prints
JSON Lines; each line has a `type`, and fields are only ever added. An error is then also a line of
`type` `error` with `message`, `hint` and `exit_code`.

No verb uses the network, and none asks a question when standard input is not a terminal. A
passphrase comes from `--passphrase-fd N` or from the terminal, never from the command line.

| verb | types of its lines |
|---|---|
| `inspect` | `source` |
| `scan` | `finding` and `note` as they come, `scan` last |
| `status` | `status`; with `--follow` what the run tells, such as `finding` |
| `findings` | `finding` |
| `inventory` | `item`; with `--gaps` `gap` |
| `locate` | `location` |
| `report` | `report` |
| `open` | `name` |
| `verify` | `problem`, `verification` last |
| `selftest` | `check`, `selftest` last |
| `demo` | `finding` and `note` as they come, `demo` last |
| `init`, `case create`, `case show`, `case exhibit` | `laboratory`, `case`, `exhibit` |
| `disclose` | `disclosure` |
| `timestamp request`, `import`, `record` | `timestamp-request`, `timestamp`, `anchor` |
| `case person`, `authority`, `correct`; `transfer`; `review` | `act` |
| `key new`, `key list`; `key rotate`; `key drill` | `key`; `laboratory`; `drill` |
| `key cosign`, `case cosigned` | `cosignature`, `cosignatures` |
| `hashset import`, `build`, `list`, `show`, `verify` | `import`, `build`, `set`, `set`, `check` |
| `formats` | `format` |

## Exit codes

| code | meaning |
|---:|---|
| 0 | done; what the profile left out included |
| 1 | a bug |
| 2 | the request makes no sense |
| 3 | done, with unexpected gaps |
| 4 | the case is in use |
| 5 | stopped unasked (disk, machine); what was recorded stays |
| 6 | integrity alarm: evidence changed or a record does not verify |
| 7 | consistent, but the signer is not known or the record is incomplete for the policy asked |
| 10 | matches (`scan --exit-code`) |
| 11 | matches and unexpected gaps (`scan --exit-code`) |
| 20 | a source cannot be opened |
| 30 | a hash set is refused |
| 130 | interrupted; what was being read was finished and the record closed |

When several apply, the first of 130, 6, 20, 30, 5, 4, 11, 10, 3 counts.

## Environment

| variable | meaning |
|---|---|
| `HEROES_HOME` | keys, catalogue of hash sets, high-water mark; default `$XDG_DATA_HOME/heroes` |
| `HEROES_CASE` | the case for `heroes locate` |
| `HEROES_DEBUG=1` | show the whole trace of a bug; it may hold names from evidence |
| `NO_COLOR`, `TERM=dumb` | no colour is used anyway; a dumb terminal gets lines instead of bars |
"""


def _block(command: click.Command, path: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
    context.terminal_width = WIDTH
    context.help_option_names = ["-h", "--help"]
    yield f"\n{'#' * (2 + path.count(' '))} {path}\n"
    text = re.sub(r"[ \t]+$", "", command.get_help(context), flags=re.MULTILINE)
    yield f"```\n{text.strip()}\n```\n"
    if isinstance(command, click.Group) and parent is not None:
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _block(found, f"{path} {name}", context)


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, *_block(heroes, "heroes", None)]
    top = click.Context(heroes, info_name="heroes")
    for _, rows in GROUPS:
        for row in rows:
            parts.extend(_block(row.load(), f"heroes {row.name}", top))
    return "".join(parts)


def main() -> int:
    """Write the page; with ``--check`` only say whether it is up to date."""
    if sys.argv[1:] == ["--check"]:
        same = TARGET.read_text(encoding="utf-8") == page()
        if not same:
            sys.stderr.write("error: docs/cli.md differs from the help texts\nhint:  make docs\n")
        return 0 if same else 1
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
