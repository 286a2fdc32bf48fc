"""Which back-ends of dfVFS are loaded, and that they serve where nothing can be imported."""

import json
import re
import subprocess
import sys
from pathlib import Path

from heroes_forensics.parsers.storage import vfs

PARSERS = Path(vfs.__file__).parent.parent
NAMED = re.compile(r'(?:stack\("|definitions\.TYPE_INDICATOR_)([A-Z_]+)')
USED = sorted(
    {name for path in PARSERS.rglob("*.py") for name in NAMED.findall(path.read_text("utf-8"))}
)
NOT_LOADED = "TSK"

PROGRAM = """
import json, sys
from heroes_forensics.pipelines.workers import zygote
zygote.preload("evidence")
from heroes_forensics.parsers.storage import vfs
from heroes_forensics.parsers.reading.readers import FileObjectReader
from io import BytesIO
sys.meta_path.clear()  # as in a locked worker: what is not imported now never is
said = {}
for name in sys.argv[1:]:
    properties = {"location": "/"} if name in {"APFS_CONTAINER", "TSK", "VSHADOW"} else {}
    media = FileObjectReader(BytesIO(bytes(1 << 16)), 1 << 16)
    zeros = vfs.Stack(name, "x", {"x": media}, **properties)
    try:
        zeros.file_system() if properties else zeros.reader()
        said[name] = "opened"
    except OSError as error:
        said[name] = str(error)
helpers = sorted(each for each in sys.modules if each.startswith("dfvfs.resolver_helpers"))
print(json.dumps([said, helpers]))
"""


def test_the_back_ends_that_are_used_are_loaded_and_no_others() -> None:
    run = [sys.executable, "-c", PROGRAM, *USED, NOT_LOADED]
    said, helpers = json.loads(subprocess.check_output(run))
    loaded = ("manager", "resolver_helper", *(f"{each}_resolver_helper" for each in vfs.BACK_ENDS))
    assert helpers == sorted(f"dfvfs.resolver_helpers.{each}" for each in loaded)
    assert len(USED) == len(vfs.BACK_ENDS)
    assert said.pop("MODI") == "opened"  # zeros are a disk image without a footer
    # The library of each refuses what is no such thing; dfVFS knows nothing of one not loaded.
    assert said.pop(NOT_LOADED) == "the layer could not be opened (KeyError)"
    assert said == dict.fromkeys(
        set(USED) - {"MODI"}, "the layer could not be opened (BackEndError)"
    )
