"""Bytes → text: by its mark, else UTF-8, UTF-16 known by its zero bytes, else a code page guessed from the letters.

A file that is UTF-8 but for a few broken bytes stays UTF-8: the broken ones become "�" and are told. The guess is
charset-normalizer's, among the code pages that tables come in, with two rules of our own: kana and hangul are no
accident (it takes Shift-JIS for Korean), and of pages that it cannot tell apart the one with more letters is right.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_LATIN = "cp1252 cp1250 cp1254 iso8859_2 cp850 mac_roman".split()  # pages of letters among ASCII's
_PAGES = [*_LATIN, *"cp1251 cp1253 cp1255 cp1256 cp874 koi8_r cp866 cp932 euc_jp cp949 gb18030 big5".split()]
_APART = 1.8  # mean length of bytes beyond ASCII in a row, below which letters stand among ASCII's
_USUAL = "cp1252"  # Western Europe on Windows: where nothing tells
_SIGNS = frozenset("£€¥¢§°©®™«»“”‘’–—…•·½¼¾²³±×")
_SAMPLE = 1 << 16  # bytes of lines with letters beyond ASCII that a guess looks at
_LEVEL = 0.05  # of charset-normalizer's "chaos": pages that lie so near are not told apart by it


@dataclass(frozen=True)
class Decoded:
    """A file's text, and what was guessed or replaced, to be said."""

    text: str
    notes: tuple[str, ...] = ()


def decoded(data: bytes, name: str, encoding: str | None = None, page: str | None = None) -> Decoded:
    r"""Bytes as text.

    Args:
        data: of the file.
        name: the file's, for the notes.
        encoding: as a person named it; None: found out.
        page: the code page where it is no UTF-8; None: guessed.

    Raises:
        UsageError: there is no such encoding.

    >>> decoded("né".encode("utf-16"), "t.csv").text, decoded(b"caf\xe9 au lait", "t.csv").text
    ('né', 'café au lait')
    """
    if encoding is not None:
        return _as(data, name, _known(encoding))
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), None) or _wide(data)
    if marked:
        return _as(data, name, marked)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        nearly = _as(data, name, "utf-8")
    broken = nearly.text.count("\ufffd")
    if sum(not c.isascii() for c in nearly.text) - broken >= 2 * broken:
        return nearly
    page = page or guess(data)
    text = data.decode(page, "replace")
    shown = next((line.strip() for line in text.splitlines() if not line.isascii()), "")
    note = f"{name} is not UTF-8; it was read as {page} (“{shown[:40]}”). If that is wrong, name it with --encoding."
    return Decoded(text, (note,))


def page_of(files: Iterable[Path]) -> str | None:
    """The one code page of those files that are no UTF-8; None where all are."""
    odd = b""
    for path in files:
        try:
            data = path.read_bytes()
            data.decode("utf-8")
        except UnicodeDecodeError:
            if not _wide(data) and not any(data.startswith(mark) for mark, _ in _MARKS):
                odd += data + b"\n"
        except OSError:
            continue
        if len(odd) > _SAMPLE:
            break
    return guess(odd) if odd else None


def guess(data: bytes) -> str:
    """The code page that bytes which are no UTF-8 are likeliest in."""
    sample = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    for page, script in (("cp932", "HIRAGANA"), ("euc_jp", "HIRAGANA"), ("cp949", "HANGUL")):
        if _share(sample, page, script) >= (0.2 if script == "HIRAGANA" else 0.8):
            return page
    from charset_normalizer import from_bytes

    if _signs(sample.decode(_USUAL, "replace")):
        return _USUAL
    rows = re.findall(rb"[\x80-\xff]+", sample)
    apart = sum(map(len, rows)) < _APART * len(rows)
    found = list(from_bytes(sample, cp_isolation=_LATIN if apart else _PAGES))
    level = [m.encoding for m in found if m.chaos <= found[0].chaos + _LEVEL]
    if "cp1255" in level and not any(c.isupper() for c in sample.decode("cp1251", "replace") if not c.isascii()):
        return "cp1255"  # Hebrew, which as Cyrillic would have no capital at all
    return max(level, key=lambda page: (round(_letters(sample, page), 2), page == _USUAL), default=_USUAL)


def _as(data: bytes, name: str, codec: str) -> Decoded:
    """The text in one encoding; what does not belong to it is replaced and told."""
    try:
        return Decoded(data.decode(codec).removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        text = data.decode(codec, "replace").removeprefix("\ufeff")
        line = data[: error.start].decode(codec, "replace").count("\n") + 1
        what = " ".join(f"0x{byte:02x}" for byte in data[error.start : error.end])
        count = text.count("\ufffd")
        more = f", the first of {count:,}," if count > 1 else ""
        said = f"{name} is {codec.removesuffix('-sig').upper()} but for {what} in line {line}{more} read as “�”."
        return Decoded(text, (said,))


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError(
            f"There is no encoding '{encoding}'. Allowed: names that Python knows, such as utf-8, cp1252, cp1251, "
            "iso8859-2, shift_jis, gb18030. Name one of these with --encoding, or leave it out."
        ) from error


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: at least of blanks and line breaks every second byte is zero, and always the same one."""
    head = data[:4096]
    big, little = head[0::2].count(0), head[1::2].count(0)
    if max(big, little) < max(1, len(head) // 50) or max(big, little) < 4 * min(big, little):
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _share(sample: bytes, page: str, script: str) -> float:
    """Which part of the letters beyond ASCII belongs to a script; 0 where the bytes are not in this page."""
    try:
        text = sample.decode(page)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:  # the sample may end within a letter
            return 0.0
        text = sample[: error.start].decode(page)
    names = [unicodedata.name(c, "") for c in text if not c.isascii()]
    return sum(name.startswith(script) for name in names) / max(len(names), 1)


def _signs(text: str) -> bool:
    """Whether all beyond ASCII are signs of prices, measures and quotation, and none parts a word but an apostrophe."""
    return set(re.sub(r"[\x00-\x7f]", "", text)) <= _SIGNS and not re.search(r"[a-zA-Z][^\x00-\x7f’][a-zA-Z]", text)


def _letters(sample: bytes, page: str) -> float:
    """Which part of the characters beyond ASCII are letters."""
    beyond = [c for c in sample.decode(page, "replace") if not c.isascii()]
    return sum(c.isalpha() for c in beyond) / max(len(beyond), 1)
