"""Which encoding bytes are in, shown on texts of the languages that each was made for."""

import pytest

from headstart.errors import UsageError
from headstart.read import ReadOptions, read
from headstart.read.table.encoding import decoded

RUSSIAN = "Отличный фильм, очень понравилось. Ужасная игра актёров. "
SAID = {
    "cp1251": RUSSIAN,
    "koi8_r": RUSSIAN,
    "cp1252": "Größe schön für Café – déjà vu naïve Ærø ",
    "iso8859_2": "Zażółć gęślą jaźń. Świetny film, polecam każdemu. ",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Žena – šest. ",
    "shift_jis": "とても良い映画でした。最悪の演技だった。",
    "euc_jp": "とても良い映画でした。最悪の演技だった。",
    "gb18030": "这部电影非常好看。演员的表演很糟糕。",
    "big5": "這部電影非常好看。演員的表演很糟糕。",
    "euc_kr": "정말 좋은 영화였습니다. 연기가 최악이었다.",
    "cp1253": "Πολύ καλή ταινία. Απαίσια ερμηνεία. ",
    "cp1254": "Çok güzel bir film. Oyunculuk berbattı, ışık şahane. ",
    "cp1255": "סרט מצוין מאוד. משחק נורא. ",
    "cp1256": "فيلم رائع جدا. أداء سيئ للغاية. ",
}


def table(text, n=40):
    return "text,label\n" + "".join(f"plain words {i},pos\n{text}{i},neg\n" for i in range(n))


@pytest.mark.parametrize("page", SAID)
def test_code_pages_are_told_by_their_letters_and_said(page):
    found = decoded(table(SAID[page]).encode(page), "t.csv")
    assert found.text == table(SAID[page])
    assert "t.csv is not UTF-8; it was read as" in found.notes[0]
    assert "--encoding" in found.notes[0]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [RUSSIAN, SAID["cp1252"], "plain "])
def test_unicode_with_and_without_a_mark(codec, text):
    found = decoded(table(text).encode(codec), "t.csv")
    assert (found.text, found.notes) == (table(text), ())


def test_a_few_broken_bytes_leave_the_rest_as_it_is():
    whole = table("Größe ").encode()
    found = decoded(whole + b"a \xff here,pos\nand \xfe,neg\n", "t.csv")
    assert found.text.startswith(table("Größe "))
    assert "a � here,pos" in found.text
    assert found.notes == ("t.csv is UTF-8 but for 0xff in line 82, the first of 2, read as “�”.",)


def test_a_person_may_name_the_encoding():
    assert decoded(table(SAID["cp1254"], 1).encode("cp1254"), "t.csv", "windows-1254").text == table(SAID["cp1254"], 1)
    with pytest.raises(UsageError, match="There is no encoding 'latin-99'"):
        decoded(b"x", "t.csv", "latin-99")


def test_text_files_of_a_folder_share_one_code_page(tmp_path):
    for i in range(24):
        place = tmp_path / "ab"[i % 2]
        place.mkdir(exist_ok=True)
        words = [RUSSIAN.split()[int(c) % 7] for c in f"{i * 7919:05}"]
        said = f"Отличный {' '.join(words)}" if i else "Да"  # two letters alone tell nothing
        (place / f"{i:02}.txt").write_bytes(said.encode("cp1251"))
    texts = [e.content for e in read(tmp_path).train]
    assert all(any(word in text for word in ("Отличный", "Да")) for text in texts)


@pytest.mark.parametrize("text", ["only £5 today ", "it’s 20 °C – “warm” "])
def test_signs_alone_are_those_of_western_europe(text):
    """Of two pages with a sign and a letter in one place, the letter would have won: "Ł5"."""
    assert decoded(table(text).encode("cp1252"), "t.csv").text == table(text)


def test_an_encoding_holds_for_text_files_too(tmp_path):
    for label in ("good", "bad"):
        (tmp_path / label).mkdir()
        for i in range(8):
            (tmp_path / label / f"{i}.txt").write_bytes(f"{RUSSIAN} {label} {i}".encode("koi8_r"))
    task = read(tmp_path, ReadOptions(encoding="koi8_r", duplicates="keep"))
    assert all((e.content or "").startswith(RUSSIAN.strip()[:20]) for e in task.train)
    with pytest.raises(UsageError, match="no encoding 'klingon'"):
        read(tmp_path, ReadOptions(encoding="klingon"))
