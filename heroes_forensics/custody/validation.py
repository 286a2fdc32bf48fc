"""Records of validations: what was tested on which data, what was expected, what was found.

The shape follows what ISO/IEC 17025:2017 (7.2.2.4) wants kept of a validation: procedure used,
requirements, what was determined, and a statement. The statement is about these tests; that the
method is fit for its purpose is the laboratory's to say.
"""

from typing import Final

from heroes_forensics.custody.statements import Form

FORMAT: Final = "heroes-validation/1"
FORM: Final = Form(
    "validation",
    "format:heroes-validation/1 time:time laboratory:str examiner:str"
    " method:{name:str reference:str procedure:str scope:str}"
    " environment:object clock:object isolation:str deviations:[str]"
    " checks:[{name:str result:pass|fail detail:str}]"
    " data:[{name:str files:[{size:nat sha256:hex64}] profile:str sets:[hex64]"
    " expectation_sha256:hex64|null content_sha256:hex64|null"
    " tests:[{what:str expected:str found:str verdict:pass|fail differing:[str]}]"
    " verdict:pass|fail}]"
    " verdict:pass|fail",
)
"""``content_sha256`` is null where a scan did not come to its end."""
