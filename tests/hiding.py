"""Programs that hide archives, made for tests: as their formats say, and no more of them."""

import struct

CODE = bytes(range(256)) * 6
_ALIGNED = 512


def padded(data: bytes) -> bytes:
    """Fill up to whole sectors of a file."""
    return data + bytes(-len(data) % _ALIGNED)


def portable(resources: bytes = b"", behind: bytes = b"", code: bytes = CODE) -> bytes:
    """Return a portable executable with a section of code, one of resources, and what follows."""
    sections = [(b".text", padded(code)), (b".rsrc", padded(resources))]
    start = 1024
    table = body = b""
    for name, data in sections:
        places = (len(data), 0x1000, len(data), start + len(body) if data else 0)
        table += struct.pack("<8s4I16x", name, *places)
        body += data
    header = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, len(sections), 0, 0, 0, 240, 0x22)
    dos = b"MZ\x90\0\x03\0\0\0\x04" + bytes(51) + struct.pack("<I", 64)
    return (dos + header + bytes(240) + table).ljust(start, b"\0") + body + behind


def linkable(behind: bytes = b"", code: bytes = CODE) -> bytes:
    """Return a file of ELF with one segment, a table of one section, and what follows."""
    size = 64 + 56 + len(code)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, size, 0, 64, 56, 1, 64, 1, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    return head + segment + code + bytes(64) + behind
