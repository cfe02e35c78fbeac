"""Which files are meant as pictures: by their suffix, or where that is unknown by their first bytes. Decodes none."""

from __future__ import annotations

from pathlib import Path

PICTURES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .gif .bmp .dib .tif .tiff .webp .avif .heic .heif .jp2 .j2k .ppm .pgm .pbm .pnm "
    ".tga .pcx .sgi .ico .icns .psd".split()
)
SIDECARS = frozenset(  # of what lies beside pictures and is none, whatever its first bytes
    ".txt .md .rst .csv .tsv .json .jsonl .xml .yaml .yml .toml .html .htm .py .ipynb .log .ini .cfg .db .parquet "
    ".arrow .pt .npy .npz .mat .zip .gz .tar .7z .rar .pdf .svg "
    ".mp4 .avi .mov .wav .mp3 .flac .ogg .m4a .doc .docx .xls .xlsx .bak .tmp .part".split()
)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
          b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51", b"8BPS", b"P5\n", b"P6\n")  # fmt: skip


def is_picture(path: Path) -> bool:
    """Whether the file is meant as a picture; broken links count by their suffix."""
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return True
    if suffix in SIDECARS or not path.is_file():
        return False
    try:
        with path.open("rb") as f:
            return looks_like_picture(f.read(16))
    except OSError:
        return False


def looks_like_picture(head: bytes) -> bool:
    """Whether the first bytes are those of a common picture format.

    >>> looks_like_picture(b"GIF89a..."), looks_like_picture(b"hello")
    (True, False)
    """
    boxed = (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1")
    bitmap = head[:2] == b"BM" and head[6:10] == bytes(4)
    return boxed or bitmap or head.startswith(_MAGIC)
