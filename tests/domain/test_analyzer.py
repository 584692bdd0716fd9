"""Folding of texts, and splitting them into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.analyzer import casefold_text, words

# texts that fold alike
ALIKE = [
    ("NSO", "nso"),
    ("Łódź", "lodz"),
    ("ÁÉÍ", "aei"),
    ("Straße", "STRASSE"),
    ("O’Brien", "o'brien"),
    ("O´Brien", "O`Brien"),
    ("ﬁle", "file"),
    ("Ǿre", "ore"),
    ("שָׁלוֹם", "שלום"),
    ("צה״ל", 'צה"ל'),
    ("ג׳ורג׳", "ג'ורג'"),
    ("مُحَمَّد", "محمد"),
    ("مـحـمـد", "محمد"),
    ("أحمد", "احمد"),
    ("ٱلْكِتَاب", "الكتاب"),
    ("می‌شود", "میشود"),
    ("enti\u00adty", "entity"),
    ("The “Group”", 'the "group"'),
    ("D’Arcy–Smith", "d'arcy-smith"),
    ("  two\n spaces ", "two spaces"),
    ("كريمي", "کریمی"),
    ("مصطفي", "مصطفى"),
    ("فاطمة", "فاطمه"),
    ("خانهٔ", "خانۀ"),
    ("٢٥ ۲۵ २५", "25 25 25"),
    ("ｶﾞｽ", "ガス"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
]
# texts that do not: in their scripts, a mark is part of the letter
DIFFERENT = [("ガス", "カス"), ("सना", "सेना"), ("มี", "มา"), ("คน", "คัน"), ("क", "क़"), ("မြ", "မ")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_similar_spellings_fold_alike(one: str, other: str) -> None:
    assert casefold_text(one) == casefold_text(other)
    assert casefold_text(one) == casefold_text(casefold_text(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_letters_do_not_fold_alike(one: str, other: str) -> None:
    assert casefold_text(one) != casefold_text(other)


# a text: its words
SPLIT = {
    "Forty-two boats": ["forty", "two", "boats"],
    "NSO集团": ["nso", "集", "团"],
    "NSO그룹은": ["nso", "그룹은"],
    "אתNSO": ["את", "nso"],
    "2021年7月": ["2021", "年", "7", "月"],
    "G20 20МВт": ["g20", "20мвт"],
    "アプリ々": ["ア", "プ", "リ", "々"],
    "กินข้าว": ["กิ", "น", "ข้", "า", "ว"],
    "ខ្មែរ": ["ខ្", "មែ", "រ"],
    "ລາວ": ["ລ", "າ", "ວ"],
    "မြန်မာ": ["မြ", "န်", "မာ"],
    "हिन्दी में": ["हिन्दी", "में"],
    "foreign_trip": ["foreign", "trip"],
    "1️⃣ x²": ["1", "x2"],
    "— … “”": [],
}


@pytest.mark.parametrize("text", SPLIT)
def test_text_is_split_into_words(text: str) -> None:
    assert words(text) == SPLIT[text]


# Marks, joiners, and letters that decompose, compose, or fold to several.
TRICKY = "aéßİΩשָׁمحـي\u200cکガｶﾞ한ᄒकिไำกิ中ー2٢²①ﷺ\u034f\u0301\u0345\u200d︱’\"' "


@given(st.text() | st.text(TRICKY))
def test_folding_is_idempotent(value: str) -> None:
    assert casefold_text(casefold_text(value)) == casefold_text(value)
    assert words(" ".join(words(value))) == words(value)
