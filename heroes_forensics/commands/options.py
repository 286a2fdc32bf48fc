"""Options that several verbs share, and how a passphrase is asked for."""

import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError, HeroesError, UsageError
from heroes_forensics.model import JSON

PASSPHRASE_LIMIT: Final = 4096
"""Bytes of a passphrase, far above what anybody types."""

SET_KINDS: Final = ("notable", "known-good", "watch", "adult-intimate", "exclude")
NAMES: Final = ("sealed", "clear")
TREAT_AS: Final = ("auto", "image", "tar", "zip", "file")

F = TypeVar("F", bound=Callable[..., Any])


class _Reachable(click.Path):
    """A path that may not exist: what is missing is said by what needs it.

    One that nobody can look up, or a folder that may not be entered, is refused here, once for all
    who would ask for files in it.
    """

    def __init__(self, error: type[HeroesError]) -> None:
        super().__init__(path_type=Path)
        self._error = error

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        path = Path(super().convert(value, param, ctx))  # type: ignore[arg-type] # a Path, as asked for
        try:
            # The dot needs the right to enter a folder.
            path.stat()
            if path.is_dir():
                os.stat(f"{path}/.")  # noqa: PTH116 - a Path has no dot at its end
        except ValueError:
            raise self._error(f"{shown(str(path))} is no path") from None
        except OSError as error:
            if error.errno not in _MISSING:
                raise self._error(
                    f"{shown(str(path))} cannot be reached: {error.strerror}",
                    hint="check the path and the rights on the folders above it",
                ) from error
        return path


_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
"""Errors of a path at which there is nothing."""

PATH: Final = _Reachable(UsageError)
SOURCE: Final = _Reachable(EvidenceError)
"""The path of evidence."""


def own_process() -> bool:
    """Say whether this process runs one command line and nothing else, and may be locked."""
    return click.get_current_context().find_root().obj is True


def json_option(command: F) -> F:
    """Add ``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON Lines, each with a 'type'."
    )(command)


def quiet_option(command: F) -> F:
    """Add ``--quiet``."""
    return click.option("-q", "--quiet", is_flag=True, help="Show no progress on stderr.")(command)


def _take_pin(context: click.Context, parameter: click.Parameter, value: int | None) -> None:
    """Keep the PIN of the laboratory's token for as long as the verb runs; a callback."""
    del parameter
    if value is not None:
        _use_pin(passphrase_from(value), context)


def _use_pin(pin: str, context: click.Context) -> None:
    from heroes_forensics.custody import outside  # noqa: PLC0415 # heavy: when it runs

    token = outside.PIN.set(pin)

    def forget() -> None:
        outside.PIN.reset(token)
        outside.end_all()

    context.call_on_close(forget)


def _passphrase_option(whose: str) -> Callable[[F], F]:
    """Return what adds ``--passphrase-fd``, and ``--pin-fd`` for a ledger key in a token."""

    def add(command: F) -> F:
        command = click.option(
            "--pin-fd",
            type=click.IntRange(min=0),
            metavar="N",
            expose_value=False,
            callback=_take_pin,
            help="Read the PIN of the token that signs from file descriptor N.",
        )(command)
        return click.option(
            "--passphrase-fd",
            type=click.IntRange(min=0),
            metavar="N",
            help=f"Read the passphrase of {whose} from file descriptor N, up to the first line"
            " end. Without it a question is asked, on a terminal only.",
        )(command)

    return add


passphrase_option: Final = _passphrase_option("the laboratory's keys")
new_passphrase_option: Final = _passphrase_option("the new key")


ALLOWANCES: Final = {
    "unsigned": "Take a set without a signature where one is required.",
    "unknown-issuer": "Take a set signed by a publisher of whom no key is pinned.",
    "rollback": "Take an edition that is older than the one installed.",
    "expired": "Take an edition whose time is over.",
    "other-issuer": "Take a set whose name belongs to another publisher.",
}
"""As `heroes_forensics.hashsets.governing.ALLOWANCES`; a test compares them."""


def allowances(command: F) -> F:
    """Add ``--allow-...`` for each of `ALLOWANCES`."""
    for name, text in reversed(ALLOWANCES.items()):
        command = click.option(f"--allow-{name}", is_flag=True, help=f"{text} It is recorded.")(
            command
        )
    return command


def key_files(command: F) -> F:
    """Add ``--key-file`` as verbs have it that open evidence."""
    return click.option(
        "--key-file",
        "key_files",
        multiple=True,
        type=PATH,
        metavar="FILE",
        help="Passwords of encrypted backups and volumes, in a file that nobody else may read "
        "(docs/device-dumps.md). May be repeated.",
    )(command)


def expired_sets(command: F) -> F:
    """Add ``--allow-expired`` as verbs have it that use sets."""
    return click.option(
        "--allow-expired",
        multiple=True,
        metavar="NAME",
        help="Use this hash set although its time is over. It is recorded. May be repeated.",
    )(command)


def calibration_option(command: F) -> F:
    """Add ``--calibration``."""
    return click.option(
        "--calibration",
        default="",
        metavar="ID|none",
        help="The calibration that the report cites, or none of the laboratory's.  [default: the "
        "newest one]",
    )(command)


def allowed(given: Mapping[str, bool]) -> tuple[str, ...]:
    """Return which of `ALLOWANCES` were given, from the arguments that click makes of them."""
    return tuple(name for name in ALLOWANCES if given[f"allow_{name.replace('-', '_')}"])


def case_argument(command: F) -> F:
    """Add the folder of the case as first argument."""
    return click.argument("case_dir", metavar="CASE", type=PATH)(command)


def pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Cut each ``NAME=VALUE`` at its first ``=``; a callback of options."""
    del context, parameter
    result = []
    for value in values:
        name, mark, content = value.partition("=")
        if not mark or not name.strip():
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE")
        result.append((name.strip(), content))
    return tuple(result)


def limits(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, int]:
    """Read each ``LIMIT=NUMBER``, with K, M, G or T for a power of 1024; a callback of options."""
    found = dict(pairs(context, parameter, values))
    if not found:
        return {}
    from heroes_forensics.pipelines.runs import request  # noqa: PLC0415 # heavy: when it runs

    try:
        return request.limits(found)
    except UsageError as error:
        raise click.BadParameter(str(error)) from error


def digests(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[str, ...]:
    """Check each ``ALG:HEX``: the algorithm is computed, the value has its length; a callback."""
    del context, parameter
    if not values:
        return ()
    from heroes_forensics.pipelines.runs import request  # noqa: PLC0415 # heavy: when it runs

    try:
        return tuple(request.digest(value) for value in values)
    except UsageError as error:
        raise click.BadParameter(str(error)) from error


def duration(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Read a time such as ``15m`` or ``1h30m`` as seconds; a callback."""
    del context, parameter
    if value is None:
        return None
    from heroes_forensics.pipelines.runs import request  # noqa: PLC0415 # heavy: when it runs

    try:
        return request.duration(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from error


def checked_duration(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Check a time, and keep it as it was written; a callback."""
    duration(context, parameter, value)
    return value


def stated(names: Sequence[str]) -> frozenset[str]:
    """Return which of these parameters of the verb were given on the command line."""
    context = click.get_current_context()
    given = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in names if context.get_parameter_source(name) is given)


def fields(given: Sequence[tuple[str, str]], option: str) -> JSON:
    """Return pairs as an object.

    Raises:
        UsageError: a name was given twice.
    """
    result: JSON = {}
    for name, value in given:
        if name in result:
            raise UsageError(f"{option} was given twice for {name!r}")
        result[name] = value
    return result


def is_terminal() -> bool:
    """Tell whether somebody sits at standard input and can be asked."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # closed, or there is none
        return False


def _keep_secrets() -> None:
    """Have no dump of this process hold what is about to be read, where it is our own."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().obj is True:
        from heroes_forensics.pipelines.locks import secrecy  # noqa: PLC0415 # heavy: when it runs

        secrecy.keep()


def passphrase_from(descriptor: int) -> str:
    """Read a passphrase from an open descriptor, up to the first line end.

    Raises:
        UsageError: there is nothing to read, or it is not usable text.
    """
    return _line_from(descriptor)


def _line_from(descriptor: int) -> str:
    _keep_secrets()
    data = b""
    try:
        # Byte by byte: what follows the line may be asked for later.
        while not data.endswith(b"\n") and len(data) <= PASSPHRASE_LIMIT:
            part = os.read(descriptor, 1)
            if not part:
                break
            data += part
    except OSError as error:
        raise UsageError(
            f"file descriptor {descriptor} cannot be read: {error.strerror}",
            hint="open it in the shell, for example: --passphrase-fd 3 3< FILE",
        ) from error
    line = data.partition(b"\n")[0].removesuffix(b"\r")
    if not line:
        raise UsageError(f"no passphrase could be read from file descriptor {descriptor}")
    if len(line) > PASSPHRASE_LIMIT:
        raise UsageError(f"the passphrase is longer than {PASSPHRASE_LIMIT} bytes")
    try:
        return line.decode()
    except UnicodeDecodeError:  # the bytes are a secret and stay out of every traceback
        raise UsageError("the passphrase is not UTF-8") from None


def identity_from(descriptor: int) -> str:
    """Read an age identity from an open descriptor; lines of comment, as age-keygen writes, go.

    Raises:
        UsageError: there is none.
    """
    line = "#"
    while line.startswith("#"):
        line = _line_from(descriptor)
    return line


def passphrase(descriptor: int | None) -> str | None:
    """Return the passphrase of the keys that a verb needs, or None.

    It comes from ``descriptor``; else a person at a terminal is asked, when the keys have one;
    else there is none, and the pipeline says what it needed it for.
    """
    _keep_secrets()
    if not is_terminal():
        return None if descriptor is None else passphrase_from(descriptor)
    # Heavy, and needed by a person at a terminal alone.
    from heroes_forensics.custody import keys, outside  # noqa: PLC0415
    from heroes_forensics.pipelines.case import laboratory  # noqa: PLC0415

    if outside.PIN.get() is None and any(key.needs_pin for key in outside.kept(laboratory.home())):
        asked_pin: str = click.prompt("PIN of the token that signs", hide_input=True, err=True)
        _use_pin(asked_pin, click.get_current_context())
    if descriptor is not None:
        return passphrase_from(descriptor)
    if keys.protection(laboratory.home()) != "passphrase":
        return None
    asked: str = click.prompt("Passphrase of the laboratory's keys", hide_input=True, err=True)
    return asked


def person_passphrase(person: str, descriptor: int | None) -> str | None:
    """Return the passphrase of a person's key, asked for as `passphrase` does; or None."""
    _keep_secrets()
    if descriptor is not None:
        return passphrase_from(descriptor)
    if not is_terminal():
        return None
    from heroes_forensics.custody import persons  # noqa: PLC0415 # heavy: when it runs
    from heroes_forensics.pipelines.case import laboratory  # noqa: PLC0415

    if not persons.protected(laboratory.home(), person):
        return None
    asked: str = click.prompt(
        f"Passphrase or PIN of the key of {person}", hide_input=True, err=True
    )
    return asked


def token_pin(signer: Path | None) -> None:
    """Ask for the PIN of a token that the laboratory begins to use, where somebody sits."""
    if signer is None or not is_terminal():
        return
    from heroes_forensics import config  # noqa: PLC0415 # heavy: when it runs
    from heroes_forensics.custody import outside  # noqa: PLC0415

    data = config.file_bytes(signer, what="the file of the signing key")
    if outside.PIN.get() is None and outside.is_token(data):
        asked: str = click.prompt("PIN of the token that signs", hide_input=True, err=True)
        _use_pin(asked, click.get_current_context())


def signer_passphrase(descriptor: int | None) -> str | None:
    """Return the passphrase of a key that signs a PDF, asked for as `passphrase` does; or None."""
    if descriptor is not None:
        return passphrase_from(descriptor)
    if not is_terminal():
        return None
    asked: str = click.prompt("Passphrase of the key to sign with", hide_input=True, err=True)
    return asked


def new_passphrase(descriptor: int | None, *, none: bool) -> str | None:
    """Return the passphrase for new keys; None when ``none`` asks for keys without one.

    Raises:
        UsageError: nobody is there to be asked.
    """
    _keep_secrets()
    if none:
        if descriptor is not None:
            raise UsageError("--no-passphrase and --passphrase-fd exclude each other")
        return None
    if descriptor is not None:
        return passphrase_from(descriptor)
    if not is_terminal():
        raise UsageError(
            "the new keys need a passphrase, and there is no terminal to ask on",
            hint="give it through --passphrase-fd N, or say --no-passphrase",
        )
    asked: str = click.prompt(
        "Passphrase for the new keys", hide_input=True, confirmation_prompt="Once more", err=True
    )
    return asked


signer_option: Final = click.option(
    "--signer",
    type=PATH,
    metavar="FILE",
    help="Take the signing key that FILE holds (PKCS#8), or describes (YAML): a command of yours, "
    "or a token (PKCS#11).",
)
carve_option: Final = click.option(
    "--carve/--no-carve",
    default=None,
    help="Search unallocated space for pictures and films by their own structure.  [default: "
    "--profile deep does]",
)
plugin_option: Final = click.option(
    "--plugin",
    default="",
    metavar="NAME",
    help="Compare pictures by this plug-in of a licensed laboratory, too (PhotoDNA).",
)
