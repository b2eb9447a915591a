"""Languages of short posts: those that people in Britain write, and honest doubt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from enrich.language import UNKNOWN, ShortTextDetector
from enrich.tokens import tokenize

SENTENCES = {
    "en": [
        "police everywhere down town",
        "fight outside the chippy rn",
        "Polis aw ower the shop, gonnae bide in",
        "lads kicking off big time",
    ],
    "cy": [
        "Mae'r heddlu wedi cau'r ffordd yn y dref heno",
        "Oes rhywun yn gwybod beth sy'n digwydd?",
    ],
    "pl": [
        "Policja zamknęła ulicę przed dworcem, nie wiem co się dzieje",
        "Czy ktoś wie dlaczego autobus nie jedzie?",
    ],
    "ro": [
        "Poliția a închis strada, nu știu ce se întâmplă",
        "Unde este toată lumea în seara asta?",
    ],
    "ur": ["پولیس نے سڑک بند کر دی ہے، کیا ہو رہا ہے؟", "آج رات سب لوگ گھر پر رہیں"],
    "ar": ["الشرطة أغلقت الطريق قرب المحطة", "هناك حريق كبير في وسط المدينة الآن"],
    "fr": ["La police a fermé la rue, je ne sais pas ce qui se passe"],
    "es": ["La policía ha cerrado la calle y no sé qué pasa"],
    "pt": ["A polícia fechou a rua, não sei o que está acontecendo"],
    "it": ["La polizia ha chiuso la strada, non so cosa succede"],
    "de": ["Die Polizei hat die Straße gesperrt, was ist los?"],
    "tr": ["Polis yolu kapatt\u0131, ne oldu\u011funu bilmiyorum"],
    "ru": ["Полиция перекрыла улицу, что происходит?"],
    "uk": ["Поліція перекрила вулицю, що відбувається?"],
    "bn": ["পুলিশ রাস্তা বন্ধ করে দিয়েছে"],
    "pa": ["ਪੁਲਿਸ ਨੇ ਸੜਕ ਬੰਦ ਕਰ ਦਿੱਤੀ ਹੈ"],
    "zh": ["警察封锁了街道"],
    "ja": ["警察が道路を封鎖した"],
}


@pytest.fixture(scope="module")
def detector() -> ShortTextDetector:
    return ShortTextDetector()


@pytest.mark.parametrize("language", SENTENCES)
def test_clear_sentences_are_told(detector: ShortTextDetector, language: str) -> None:
    batch = [tokenize(text) for text in SENTENCES[language]]
    assert detector.detect(batch) == [language] * len(batch)


@pytest.mark.parametrize(
    "text", ["", "lol", "hahaha 😂😂", "@someone #fun https://t.co/x", "123 456", "\ud800\x00"]
)
def test_doubt_is_said(detector: ShortTextDetector, text: str) -> None:
    assert detector.detect([tokenize(text)]) == [UNKNOWN]


def test_links_and_mentions_say_nothing(detector: ShortTextDetector) -> None:
    text = "@leparisien https://lemonde.example/une-rue-est-dans-la-ville the fight is on here"
    assert detector.detect([tokenize(text)]) == ["en"]


POSTS = Path(__file__).parent / "data" / "language_posts.tsv"


@pytest.mark.parametrize("part", ["dev", "test"])
def test_short_posts_are_told_or_honestly_not(detector: ShortTextDetector, part: str) -> None:
    lines = POSTS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.startswith(f"{part}\t")]
    assert len(rows) > 70
    found = detector.detect([tokenize(text) for _, _, text in rows])
    outcome = Counter(
        "right" if lang == expected else "unsure" if lang == UNKNOWN else "wrong"
        for (_, expected, _), lang in zip(rows, found, strict=True)
    )
    assert outcome["wrong"] <= 1, outcome
    assert outcome["right"] >= 0.85 * len(rows), outcome


@pytest.mark.parametrize(
    "text",
    ["do we log on at the same time", "main road is shut", "hum of the city", "par for the course"],
)
def test_english_words_that_are_urdu_in_roman_letters_stay_english(
    detector: ShortTextDetector, text: str
) -> None:
    assert detector.detect([tokenize(text)])[0] in ("en", UNKNOWN)
