"""To whom a case is sealed: the laboratory's recipients, and those that were added to the case.

Who is added later opens what is sealed from then on, and through the case key the names and values
in the case database. The sealed files of earlier runs are committed to byte for byte, and keep the
recipients that they had.
"""

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heroes_forensics.custody import seal
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.cases import OpenCase, opened

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def seal_to(
    case_dir: Path,
    *,
    added: Sequence[tuple[str, str]] = (),
    reason: str = "",
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Wrap the case key to the present recipients of the laboratory, and to those of the case.

    Args:
        case_dir: the case.
        added: (name, age recipient) of whoever opens it from now on, too.
        reason: why, for the record.
        examiner: who does it; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Returns:
        ``recipients``, names and public keys; ``changed``.

    Raises:
        UsageError: a name or recipient is malformed or there already, or the key was erased.
        CustodyError: the case does not verify.
    """
    with opened(case_dir, passphrase=passphrase) as case:
        case.check_sealed()
        own: list[list[str]] = [list(row) for row in case.facts.get("recipients") or ()]
        for name, recipient in added:
            own.append([_free(name, case), seal.check_recipient(recipient)])
            case.facts["recipients"] = own
        wanted = [recipient for _, recipient in case.recipients]
        if len(set(wanted)) < len(wanted):
            raise UsageError("one recipient is given twice")
        changed = wanted != case.facts.get("wrapped")
        if changed:
            case.begin()
            case.journal.event("case.unlocked", {"purpose": "recipients", "key": "working"})
            wrapped = base64.b64decode(case.facts["case_key"])
            key = seal.unwrap_key(wrapped, case.ring.identity)
            again = base64.b64encode(seal.wrap_key(key, wanted)).decode()
            with case.journal.transaction():
                names = [name for name, _ in case.recipients]
                body: JSON = {"recipients": names, "reason": reason or "not stated"}
                person = examiner or case.examiner
                case.journal.event("recipients.changed", body, person=person)
                case.database.set_fact("case_key", again)
                case.database.set_fact("recipients", own)
                case.database.set_fact("wrapped", wanted)
            case.journal.checkpoint("recipients changed")
            case.publish()
        return {
            "type": "recipients",
            "recipients": [list(row) for row in case.recipients],
            "changed": changed,
        }


def _free(name: str, case: OpenCase) -> str:
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            "the name of a recipient is 1 to 64 letters, digits, dots, dashes and underscores"
        )
    if name in dict(case.recipients):
        raise UsageError(f"there is a recipient called {name} already")
    return name
