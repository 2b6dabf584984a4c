"""Whether a word could be written in Vietnamese: onset, rime and tone of one syllable.

The evidence by which a decoding is judged belongs here. Which decoding is tried, and on what, does not
(``encodings``, ``legacy_text``).
"""

from __future__ import annotations

import re
import unicodedata

_ONSETS = "b|c|ch|d|đ|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|q|r|s|t|th|tr|v|x"
_OPEN = (
    "a|ai|ao|au|ay|âu|ây|e|eo|ê|êu|i|ia|iu|iêu|o|oa|oai|oao|oay|oe|oeo|oi|ô|ôi|ơ|ơi|u|ua|uây|uê|ui|uơ|uôi|uy|uya"
    "|uyu|ư|ưa|ưi|ươi|ươu|ưu|y|yêu|ue|uai|uao|uay|ueo"
)
_NASAL = (
    "am|an|ang|anh|ăm|ăn|ăng|âm|ân|âng|em|en|eng|enh|êm|ên|ênh|im|in|inh|iêm|iên|iêng|om|on|ong|ôm|ôn|ông|ơm|ơn"
    "|oan|oang|oanh|oam|oăn|oăng|oăm|oen|uân|uâng|uên|uênh|um|un|ung|uôm|uôn|uông|ưm|ưn|ưng|ươm|ươn|ương|uyn|uynh"
    "|uyên|yêm|yên|yêng|ynh|uan|uang|uanh|uăn|uăng|oong|ôông"
)
_STOPPED = (
    "ac|ach|ap|at|ăc|ăp|ăt|âc|âp|ât|ec|ep|et|êch|êp|êt|ich|ip|it|iêc|iêp|iêt|oc|op|ot|ôc|ôp|ôt|ơp|ơt|oac|oach|oat"
    "|oăt|oăc|oet|uât|uêch|uc|up|ut|uôc|uôt|ưc|ưt|ươc|ươp|ươt|uyt|uych|uyêt|uyp|uac|uach|uat|uăt|uăc|uêt|uet|yêt|yt"
    "|ooc|oap|uơt"
)
_SYLLABLE = re.compile(rf"(?:{_ONSETS})?(?:(?P<open>{_OPEN}|{_NASAL})|(?P<stopped>{_STOPPED}))")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
#: A syllable that ends in a stop takes one of these two tones, or is a foreign word without any.
_STOPPED_TONES = ("", "\u0301", "\u0323")
_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """Give the runs of letters of ``text``, composed."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def is_syllable(word: str) -> bool:
    """Whether ``word`` is one well-formed Vietnamese syllable, in capitals or not."""
    decomposed = unicodedata.normalize("NFD", word.casefold())
    tone = "".join(char for char in decomposed if char in _TONES)
    plain = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONES))
    found = _SYLLABLE.fullmatch(plain)
    if found is None or len(tone) > 1:
        return False
    return found["stopped"] is None or tone in _STOPPED_TONES


def share_of_syllables(words: list[str]) -> float:
    """Which share of the different words with a letter outside ASCII are Vietnamese; 0 where there are none."""
    marked = {word for word in words if not word.isascii()}
    return sum(is_syllable(word) for word in marked) / len(marked) if marked else 0.0
