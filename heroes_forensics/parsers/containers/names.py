"""Paths of archive members, made of the names as stored."""


def member_path(name: bytes, *, directory: bool) -> bytes:
    """Return the raw name without what says only "from here": leading ``/`` and ``./``.

    A directory's last slash goes too. ``..``, backslashes and everything else stay: nothing is
    ever written by such a name.
    """
    if directory:
        name = name.rstrip(b"/")
    while name.startswith((b"/", b"./")):
        name = name.lstrip(b"/").removeprefix(b"./")
    return b"" if directory and name == b"." else name
