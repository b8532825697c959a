import json
import os
import tracemalloc
from pathlib import Path

import pytest

from db.errors import InputError
from review.formats import json_lines
from review.formats.example import JSON, write_row
from review.formats.json_lines import LINE_LIMIT
from review.formats.jsonl import encode_row, read_file, write_file

ROW = (
    b'{"question": "Is the following statement something you would say?\\n\\"I nap\\"", "statement": "I nap",'
    b' "label_confidence": 0.5, "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " No"}'
)
LETTERED = (
    b'{"question": "Nap?\\n (A) Yes\\n (B) No", "answer_matching_behavior": " (A)",'
    b' "answer_not_matching_behavior": " (B)"}'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "naps.jsonl"


def rows(path: Path) -> list[dict[str, JSON]]:
    return [write_row(example) for _, example in read_file(path)]


def numbers(path: Path) -> list[int]:
    return [number for number, _ in read_file(path)]


def test_lines_are_numbered_and_blank_ones_skipped(file: Path) -> None:
    file.write_bytes(b"\n" + ROW + b"\n  \n" + ROW + b"\n\n")
    assert numbers(file) == [2, 4]


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_byte_order_mark_and_line_ends(file: Path, before: bytes, end: bytes, last: bytes) -> None:
    file.write_bytes(before + ROW + end + ROW + last)
    assert rows(file) == [json.loads(ROW)] * 2


def test_unicode_line_separators_are_no_line_ends(file: Path) -> None:
    text = ROW.replace(b"I nap", "I\u2028nap\u0085often".encode())
    file.write_bytes(text + b"\n" + ROW)
    assert numbers(file) == [1, 2]
    assert rows(file)[0] == json.loads(text)


def test_nul_in_a_text_is_kept(file: Path) -> None:
    file.write_bytes(ROW.replace(b"I nap", b"I\\u0000nap"))
    assert rows(file)[0]["statement"] == "I\0nap"


def test_numbers_are_kept(file: Path) -> None:
    extra = b'"a": 1, "b": 1.0, "c": 123456789012345678901234567890, "d": 0.1, "e": 1e22, "f": -0.0, "g": true, '
    file.write_bytes(ROW.replace(b'"statement"', extra + b'"statement"'))
    text = json.dumps(rows(file)[0])
    assert '"a": 1, "b": 1.0, "c": 123456789012345678901234567890, "d": 0.1, "e": 1e+22, "f": -0.0, "g": true' in text


def test_a_pair_of_surrogate_escapes_is_a_character(file: Path) -> None:
    file.write_bytes(ROW.replace(b"I nap", b"I nap \\ud83d\\ude34"))
    assert rows(file)[0]["statement"] == "I nap \N{SLEEPING FACE}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{", r"line 2 is not JSON \(.*column 2\): each line has to be one JSON object"),
        (b"nap", "line 2 is not JSON"),
        (ROW[:-1], "line 2 is not JSON"),
        (ROW + ROW, "line 2 is not JSON"),
        (ROW.replace(b"I nap", b"I\tnap"), "line 2 is not JSON"),
        (b"[1]", "line 2 is JSON, but not an object"),
        (b'"question"', "line 2 is JSON, but not an object"),
        (b"null", "line 2 is JSON, but not an object"),
        (ROW.replace(b'"question"', b'"ask"'), 'line 2: the field "question" is missing'),
        (ROW.replace(b"0.5", b'"0.5"'), 'line 2: "label_confidence" has to be a number, and is text'),
        (ROW.replace(b"0.5", b"NaN"), "line 2 holds NaN, which JSON does not have"),
        (ROW.replace(b"0.5", b"-Infinity"), "line 2 holds -Infinity"),
        (ROW.replace(b"0.5", b"1e999"), "line 2 holds a number that is too large"),
        (ROW.replace(b"0.5", b"1" * 5000), "line 2 holds a number with too many digits"),
        (ROW.replace(b"I nap", b"I \\ud800 nap"), r"line 2 holds half a surrogate pair \(\\ud800\)"),
        (ROW.replace(b"I nap", b"I \\uDFFF nap"), r"line 2 holds half a surrogate pair \(\\udfff\)"),
        (ROW.replace(b'"statement"', b'"\\ud800": 1, "statement"'), "line 2 holds half a surrogate pair"),
        (
            ROW.replace(b'"statement"', b'"note": {"a": 1, "a": 2}, "statement"'),
            'line 2 has the field "a" twice',
        ),
        (ROW.replace(b"I nap", b"I \xe4 nap"), r"line 2 is not UTF-8 \(byte \d+ of the line\)"),
        (ROW.replace(b"I nap", b"I \xed\xa0\x80 nap"), "line 2 is not UTF-8"),
        (ROW.replace(b"I nap", b"I \0 nap"), r"not a text file \(line 2 has a NUL byte\)"),
        (ROW.replace(b"0.5", b"[" * 200_000), "line 2 is nested too deeply|line 2 is not JSON"),
        (LETTERED, r"line 2: a multiple-choice example in a file of persona examples \(told from line 1\)"),
    ],
)
def test_a_bad_line_is_named(file: Path, line: bytes, sentence: str) -> None:
    file.write_bytes(ROW + b"\n" + line + b"\n" + ROW)
    read = read_file(file)
    assert next(read)[0] == 1
    with pytest.raises(InputError, match=sentence) as caught:
        next(read)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    assert len(message) < len(str(file)) + 400


def test_the_place_of_a_wrong_byte(file: Path) -> None:
    file.write_bytes(b'{"question": "\xe4"}')
    with pytest.raises(InputError, match=r"line 1 is not UTF-8 \(byte 15 of the line\)"):
        rows(file)


@pytest.mark.parametrize("content", [b"", b"\n\n  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"naps.jsonl is empty: there is nothing to import\."):
        rows(file)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"SQLite format 3\0\x10\0", "is not a text file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "line 1 is not UTF-8"),
        (b"\x1f\x8b\x08\0\0\0", "is compressed: unpack it first"),
        (b"PK\x03\x04\x14\0", "is a zip archive"),
        (json.dumps({"question": "x"}).encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_text(file: Path, content: bytes, sentence: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        rows(file)


def test_winogenerated_occupations_are_no_examples(file: Path) -> None:
    file.write_text('{"BLS_original_occupation": "Tilers", "occupation": "tiler", "other_person": "client"}')
    with pytest.raises(InputError, match="line 1: this is a Winogenerated occupation without a sentence"):
        rows(file)


def test_paths_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"missing.jsonl does not exist\."):
        rows(tmp_path / "missing.jsonl")
    with pytest.raises(InputError, match="is a folder"):
        rows(tmp_path)
    with pytest.raises(InputError, match="name of a file"):
        rows(Path("a\0b"))
    with pytest.raises(InputError, match=r"\\x1b\[31m.jsonl does not exist"):
        rows(tmp_path / "\x1b[31m.jsonl")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"can't be read: Permission denied\."):
        rows(tmp_path / "locked.jsonl")


def test_a_huge_line_is_refused_after_the_limit(file: Path) -> None:
    with file.open("wb") as out:
        out.write(ROW + b"\n")
        out.write(b'{"question": "')
        for _ in range(60):
            out.write(b"x" * 2**20)
    read = read_file(file)
    next(read)
    tracemalloc.start()
    with pytest.raises(InputError, match="line 2 is longer than 16 MiB"):
        next(read)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * LINE_LIMIT


def test_the_limit_itself_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LINE_LIMIT", len(ROW) + 1)
    file.write_bytes(ROW + b"\n" + ROW)
    assert numbers(file) == [1, 2]
    monkeypatch.setattr(json_lines, "LINE_LIMIT", len(ROW) - 1)
    with pytest.raises(InputError, match="line 1 is longer"):
        rows(file)


def test_reading_holds_one_line_at_a_time(file: Path) -> None:
    line = ROW.replace(b"I nap", b"I nap " * 2000)
    file.write_bytes((line + b"\n") * 500)
    tracemalloc.start()
    assert sum(1 for _ in read_file(file)) == 500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * len(line)


def test_writing_gives_the_bytes_that_were_read(tmp_path: Path) -> None:
    content = ROW.replace(b"I nap", b"I nap \\u2014 \\ud83d\\ude34") + b"\n" + ROW + b"\n"
    source, target = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    source.write_bytes(content)
    assert write_file(target, rows(source)) == 2
    assert target.read_bytes() == content


def test_winogenerated_sentences_are_written_unescaped() -> None:
    row: dict[str, JSON] = {"sentence_with_blank": "The café owner lost _ keys."}
    assert encode_row(row) == '{"sentence_with_blank": "The café owner lost _ keys."}'.encode()
    assert encode_row({"question": "é"}) == b'{"question": "\\u00e9"}'


def test_a_file_may_be_rewritten_from_itself(file: Path) -> None:
    file.write_bytes(ROW + b"\n\n" + ROW)
    assert write_file(file, (write_row(example) for _, example in read_file(file))) == 2
    assert file.read_bytes() == ROW + b"\n" + ROW + b"\n"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "\ud800"])
def test_a_failure_leaves_the_old_file(file: Path, bad: JSON) -> None:
    file.write_bytes(b"old")
    with pytest.raises(InputError, match="can't be written as JSON"):
        write_file(file, [{"question": "fine"}, {"question": bad}])
    assert file.read_bytes() == b"old"
    assert os.listdir(file.parent) == [file.name]


def test_places_that_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a regular file"):
        write_file(tmp_path, [])
    with pytest.raises(InputError, match="not a regular file"):
        write_file("/dev/null", [])
    with pytest.raises(InputError, match="can't be written: No such file"):
        write_file(tmp_path / "no" / "folder.jsonl", [])
