"""Bytes → text: UTF-8 (with or without its mark), UTF-16 by its mark, else Windows-1252."""

from __future__ import annotations

import codecs


def decoded(data: bytes) -> tuple[str, bool]:
    r"""Bytes as text, and whether their encoding is sure.

    >>> decoded("né".encode("utf-16")), decoded(b"n\xe9")
    (('né', True), ('né', False))
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), True
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), False
