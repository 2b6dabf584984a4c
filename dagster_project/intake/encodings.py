"""The text of a file of plain text: by its mark, as UTF-8, or by the Vietnamese words that come out of it.

Which encoding a file has belongs here. How single texts in a legacy font are decoded does not (``legacy_text``):
of a file in such a font this gives the text as the font's letters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dagster_project.intake.legacy_text import LEGACY, convert
from dagster_project.intake.syllables import share_of_syllables, words_of

UTF8, UTF16, CP1258, FONT = "utf-8", "utf-16", "cp1258", "font"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: Which share of the words outside ASCII must be Vietnamese; the rest are names and abbreviations.
_ENOUGH = 0.9


class UnknownEncodingError(ValueError):
    """The bytes are no Unicode, and no other encoding alone makes Vietnamese of them."""


@dataclass(frozen=True)
class Decoded:
    """The text of a file and how it was encoded."""

    text: str
    encoding: str


def decode(content: bytes) -> Decoded:
    """Decode the bytes of a text file. Raises ``UnknownEncodingError`` where more than one reading is possible."""
    if content.startswith(UTF16_MARKS):
        try:
            return Decoded(content.decode("utf-16"), UTF16)
        except UnicodeDecodeError as error:
            raise UnknownEncodingError(str(error)) from error
    try:
        return Decoded(content.decode("utf-8-sig"), UTF8)
    except UnicodeDecodeError:
        return _by_words(content)


def _by_words(content: bytes) -> Decoded:
    """Each of the encodings of one byte that Vietnamese was written in, tried in full; one alone may fit."""
    plain = content.decode("latin-1")
    tried = [Decoded(convert(plain, name), FONT) for name in LEGACY]
    try:
        tried.append(Decoded(unicodedata.normalize("NFC", content.decode("cp1258")), CP1258))
    except UnicodeDecodeError as error:
        reason = str(error)
    else:
        reason = ""
    fitting = [seen.encoding for seen in tried if share_of_syllables(words_of(seen.text)) >= _ENOUGH]
    if fitting == [CP1258]:
        return tried[-1]
    if fitting == [FONT]:
        return Decoded(plain, FONT)
    raise UnknownEncodingError(reason)
