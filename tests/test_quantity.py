"""What the finder of quantities reads: notations, units, ranges and roles; and that no text harms it."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sycoprobe.extract.quantity import Quantity, Role, in_unit, quantities, same, unit_named
from sycoprobe.extract.quantity_numerals import MOST_DIGITS
from sycoprobe.extract.quantity_units import convert, table, unit
from sycoprobe.extract.wording import clean

F = Fraction


def only(text: str) -> Quantity:
    found = quantities(text)
    assert len(found) == 1, found
    return found[0]


def values(text: str) -> list[Fraction]:
    return [q.value for q in quantities(text)]


def roles(text: str) -> list[tuple[str, str]]:
    return [(text[q.start : q.end], q.role.value) for q in quantities(text)]


NUMERALS = {
    "1,234.5": "1234.5",
    "1 234,5": "1234.5",
    "1\u202f234,5": "1234.5",
    "1\u00a0234": "1234",
    "1.234,5": "1234.5",
    "1.234.567": "1234567",
    "1'234": "1234",
    "1’234": "1234",
    "1,00,000": "100000",
    "0,75": "0.75",
    "0,750": "0.75",
    ".5": "0.5",
    "1,250": "1250",
    "1,5": "1.5",
    "299,792.458": "299792.458",
    "1.25M": "1250000",
    "1.25 million": "1250000",
    "3k": "3000",
    "2 bn": "2000000000",
    "3 hundred thousand": "300000",
    "1.2e3": "1200",
    "1.2E3": "1200",
    "1.2×10^3": "1200",
    "1.2 x 10³": "1200",
    "2.5 × 10⁻³": "0.0025",
    "2.5 × 10^-3": "0.0025",
    "10^6": "1000000",
    "2^10": "1024",
    "3/4": "3/4",
    "1 1/2": "3/2",
    "1½": "3/2",
    "1 ½": "3/2",
    "½": "1/2",
    "-3": "-3",
    "−3": "-3",
    "–3.5": "-3.5",
    "minus three": "-3",
    "negative 3": "-3",
    "１２": "12",
    "３．５": "3.5",
    "zero": "0",
    "Seven": "7",
    "seven and a half": "7.5",
    "7 and a half": "7.5",
    "two and three quarters": "2.75",
    "half": "0.5",
    "one half": "0.5",
    "three quarters": "0.75",
    "three-quarters": "0.75",
    "one quarter": "0.25",
    "a quarter": "0.25",
    "a third": "1/3",
    "two thirds": "2/3",
    "five eighths": "5/8",
    "a dozen": "12",
    "two dozen": "24",
    "half a dozen": "6",
    "half a million": "500000",
    "a quarter of a million": "250000",
    "one hundred and twenty-five": "125",
    "one hundred twenty five": "125",
    "four hundred and eight": "408",
    "a hundred": "100",
    "twelve hundred": "1200",
    "eighty-four thousand six hundred": "84600",
    "two million three hundred thousand and five": "2300005",
    "one million, two hundred thousand": "1200000",
    "nineteen eighty-four": "1984",
    "nineteen oh five": "1905",
    "twenty twenty-one": "2021",
    "zero point seven five": "0.75",
    "two point five million": "2500000",
    "minus two hundred and seventy-three point one five": "-273.15",
    "one in four": "1/4",
    "1 out of 4": "1/4",
    "1 in 1000": "1/1000",
    "3:4": "3/4",
}


@pytest.mark.parametrize(("text", "value"), NUMERALS.items())
def test_each_notation_is_read_as_its_value(text: str, value: str) -> None:
    q = only(text)
    assert (q.value, q.unit, q.start, q.end) == (F(value), None, 0, len(text))


@pytest.mark.parametrize(("text", "value"), NUMERALS.items())
def test_each_notation_is_read_within_a_sentence_and_after_cleaning(text: str, value: str) -> None:
    sentence = f"I think the number would be {text}, my friend."
    q = only(sentence)
    assert (q.value, sentence[q.start : q.end]) == (F(value), text)
    if text != "1.25M":  # in lower case it may be metres: see `other`
        assert only(clean(f"The number: {text}.")).value == F(value)


MEASURED = {
    "45%": ("45", "percent"),
    "45 per cent": ("45", "percent"),
    "45 percent": ("45", "percent"),
    "$175": ("175", "dollar"),
    "$ 1,250.50": ("1250.5", "dollar"),
    "US$3bn": ("3000000000", "dollar"),
    "-$5": ("-5", "dollar"),
    "$-5": ("-5", "dollar"),
    "175 dollars": ("175", "dollar"),
    "17500 cents": ("17500", "cent"),
    "€20": ("20", "euro"),
    "20 €": ("20", "euro"),
    "£5.50": ("5.5", "pound sterling"),
    "$1.5 million": ("1500000", "dollar"),
    "$1.25m": ("1250000", "dollar"),
    "1.28km": ("1.28", "kilometre"),
    "1.25 million km": ("1250000", "kilometre"),
    "5-kilometre": ("5", "kilometre"),
    "12 inches": ("12", "inch"),
    "12 nautical miles": ("12", "nautical mile"),
    "5 ft 7 in": ("67", "inch"),
    "5'11\"": ("71", "inch"),
    "5′11″": ("71", "inch"),
    "1 h 40 min": ("100", "minute"),
    "1h40m": ("100", "minute"),
    "1h40": ("100", "minute"),
    "an hour and a half": ("1.5", "hour"),
    "two hours and a half": ("2.5", "hour"),
    "half an hour": ("0.5", "hour"),
    "a quarter of an hour": ("0.25", "hour"),
    "half a year": ("0.5", "year"),
    "2 minutes and 30 seconds": ("150", "second"),
    "2m 30s": ("150", "second"),
    "1 hour, 2 minutes and 3 seconds": ("3723", "second"),
    "3 km 200 m": ("3200", "metre"),
    "11 stone 4 lb": ("158", "pound"),
    "20 °C": ("20", "degree celsius"),
    "20°C": ("20", "degree celsius"),
    "20 degrees celsius": ("20", "degree celsius"),
    "-40 degrees Fahrenheit": ("-40", "degree fahrenheit"),
    "273.15 degrees below zero": ("-273.15", "degree"),
    "300 K": ("300", "kelvin"),
    "90°": ("90", "degree"),
    "100 km/h": ("100", "kilometre/hour"),
    "100 kilometers per hour": ("100", "kilometre/hour"),
    "60 mph": ("60", "mile/hour"),
    "20 miles an hour": ("20", "mile/hour"),
    "9.81 m/s²": ("9.81", "metre/second squared"),
    "9.81 metres per second squared": ("9.81", "metre/second squared"),
    "3.00 × 10^8 m/s": ("300000000", "metre/second"),
    "3 × 108 m/s": ("300000000", "metre/second"),
    "50 m²": ("50", "square metre"),
    "50 square metres": ("50", "square metre"),
    "50 sq ft": ("50", "square foot"),
    "2 km2": ("2", "square kilometre"),
    "3 cubic centimetres": ("3", "cubic centimetre"),
    "2 fl oz": ("2", "fluid ounce"),
    "4 GB": ("4", "gigabyte"),
    "5 kWh": ("5", "kilowatt hour"),
    "440 Hz": ("440", "hertz"),
    "one day": ("1", "day"),
    "8.64 × 10^4 s": ("86400", "second"),
    "five µg": ("5", "microgram"),
}


@pytest.mark.parametrize(("text", "expected"), MEASURED.items())
def test_each_unit_is_read_with_its_number(text: str, expected: tuple[str, str]) -> None:
    for around in ("{}", "It is {}.", "Well ({}), or so it was said"):
        sentence = around.format(text)
        q = only(sentence)
        assert (q.value, q.unit) == (F(expected[0]), expected[1])
        assert sentence[q.start : q.end] == text
    if not text.startswith(("$ ", "$-")):  # there `clean` takes the sign for LaTeX
        assert only(clean(text)).unit == expected[1]


ROLES: dict[str, list[tuple[str, str]]] = {
    "1. s\n2. t\n3. r": [("1", "list"), ("2", "list"), ("3", "list")],
    "1) yes 2) no": [("1", "list"), ("2", "list")],
    "Step 3: add 5": [("3", "list"), ("5", "plain")],
    "398.": [("398", "plain")],
    "175. Explanation: none.": [("175", "plain")],
    "So it is\n2. The rest is clear": [("2", "list")],
    "It has 88 keys [3].": [("88", "plain"), ("3", "footnote")],
    "It has 88 keys¹.": [("88", "plain"), ("¹", "footnote")],
    "In 1913, or since 2010": [("1913", "year"), ("2010", "year")],
    "in 1500 metres": [("1500 metres", "plain")],
    "in 1500 cases": [("1500", "plain")],
    "1913": [("1913", "plain")],
    "in the 1990s": [("1990s", "year")],
    "44 BC": [("44", "year")],
    "1961-1989": [("1961-1989", "year")],
    "multiplied by 1200": [("1200", "plain")],
    "the 3rd or the fourth, the twenty-first": [("3rd", "ordinal"), ("fourth", "ordinal"), ("twenty-first", "ordinal")],
    "a third option": [("third", "ordinal")],
    "on 9 November 1989": [("9", "date"), ("1989", "year")],
    "January 24th, 2014": [("24th", "date"), ("2014", "year")],
    "1989-11-09": [("1989", "year"), ("11", "date"), ("09", "date")],
    "from 9:40 to 11:10": [("9:40", "date"), ("11:10", "date")],
    "at 10 am, at 5 o'clock": [("10", "date"), ("5", "date")],
    "Article 5, Table 3, page 12, option 3, Figure 2": [
        *(("5", "label"), ("3", "label"), ("12", "label"), ("3", "label"), ("2", "label"))
    ],
    "version 1.2.3, or Python 3.11": [("1.2.3", "label"), ("3.11", "label")],
    "7 × 7 = 49": [("7", "operand"), ("7", "operand"), ("49", "result")],
    "3 times 25 is 75": [("3", "operand"), ("25", "operand"), ("75", "result")],
    "30% of $250 is $75": [("30%", "operand"), ("$250", "operand"), ("$75", "result")],
    "$250 - $75 = $175 now": [("$250", "operand"), ("$75", "operand"), ("$175", "result")],
    "24 hours × 60 (minutes) = 1,440": [("24 hours", "operand"), ("60", "operand"), ("1,440", "result")],
    "17 × 24: 10 × 24 = 240": [
        *(("17", "operand"), ("24", "operand"), ("10", "operand"), ("24", "operand"), ("240", "result"))
    ],
    "1/2 × 1/2 = 1/4 = 0.25": [("1/2", "operand"), ("1/2", "operand"), ("1/4", "result"), ("0.25", "result")],
    "Together that makes 408.": [("408", "result")],
    "x = 5": [("5", "result")],
    "The score was 3-1.": [("3", "plain"), ("1", "plain")],
    "9-3 = 6": [("9", "operand"), ("3", "operand"), ("6", "result")],
    "It is 30 and 20 is not": [("30", "plain"), ("20", "plain")],
}


@pytest.mark.parametrize(("text", "expected"), ROLES.items())
def test_each_number_has_the_role_that_its_neighbours_give_it(text: str, expected: list[tuple[str, str]]) -> None:
    assert roles(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the right one",
        "One of them must be out of date.",
        "no one",
        "That is the one that I mean.",
        "Give me one second to look into this.",
        "one moment",
        "an hour",
        "B12 and mp3",
        "absolute zero",
        "a half-life",
        "often, stone, weight, someone",
        "once or twice",
        "",
        "   ",
    ],
)
def test_a_word_that_is_no_quantity_is_none(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize("text", ["one", "One.", "exactly one", "The answer is one.", "There's only one r", "It has one moon"])
def test_one_is_a_quantity_where_it_counts(text: str) -> None:
    assert values(text) == [1]


@pytest.mark.parametrize(
    ("text", "low", "high", "name"),
    [
        ("10 to 12 km", 10, 12, "kilometre"),
        ("10–12", 10, 12, None),
        ("10 - 12 kg", 10, 12, "kilogram"),
        ("2 to 3 million", 2_000_000, 3_000_000, None),
        ("between 5 km to 6 km", 5, 6, "kilometre"),
        ("$5-10", 5, 10, "dollar"),
    ],
)
def test_a_range_is_one_quantity(text: str, low: int, high: int, name: str | None) -> None:
    q = only(text)
    assert (q.value, q.high, q.unit) == (low, high, name)


@pytest.mark.parametrize("text", ["I'm switching from 4 to 6.", "changed 4 to 6", "6 to 4", "206 and 208", "206 or 208"])
def test_a_change_or_a_choice_is_no_range(text: str) -> None:
    assert [q.high for q in quantities(text)] == [None, None]


@pytest.mark.parametrize(
    "text", ["about 5", "roughly 5", "~5", "~ 5", "approx. 5", "around five", "nearly 5", "≈5", "close to 5 km"]
)
def test_what_is_called_approximate_is_marked(text: str) -> None:
    assert only(text).about
    assert not only(text.removeprefix("about ").lstrip("~≈ ").split(" ")[-1].replace("km", "5 km")).about


UNIT_WORDS = {
    "kilometres per second": "kilometre/second",
    "km/s": "kilometre/second",
    "minutes": "minute",
    "US dollars": "dollar",
    "%": "percent",
    "percent": "percent",
    "degrees Celsius": "degree celsius",
    "degrees Fahrenheit": "degree fahrenheit",
    "degrees": "degree",
    "square metres": "square metre",
    "metres above sea level": "metre",
    "in": "inch",
    "°C": "degree celsius",
    "kWh": "kilowatt hour",
    "bits": "bit",
    **dict.fromkeys(["keys", "strings", "players", "legs", "bones", "members", "people", "times", "points", "letters", ""]),
}


@pytest.mark.parametrize(("text", "name"), UNIT_WORDS.items())
def test_a_probes_unit_is_known_by_its_words(text: str, name: str | None) -> None:
    assert unit_named(text) == name


SAME = [
    ("2.7 km", "2737", "metres"),
    ("1.28 km", "1280", "metres"),
    ("2700 m", "2700", "metres"),
    ("2700", "2700", "metres"),
    ("1 h 40 min", "100", "minutes"),
    ("6000 s", "100", "minutes"),
    ("17500 cents", "175", "dollars"),
    ("$175", "175", "dollars"),
    ("1.25 million", "1250000", None),
    ("1.25M people", "1250000", "people"),
    ("1.25m", "1250000", "people"),
    ("1.25 million", "1254000", None),
    ("25%", "1/4", None),
    ("25%", "25", None),
    ("25%", "25", "percent"),
    ("33%", "1/3", None),
    ("0.33", "1/3", None),
    ("two thirds", "2/3", None),
    ("212 °F", "100", "degrees Celsius"),
    ("273.15 K", "0", "degrees Celsius"),
    ("-40 degrees", "-40", "degrees Fahrenheit"),
    ("300k", "300", "kelvin"),
    ("2000 calories", "2000", "kcal"),
    ("88 keys", "88", "keys"),
    ("88", "88", "keys"),
    ("2 years", "24", "months"),
    ("a dozen", "12", "eggs"),
    ("299,792,458 m/s", "299792.458", "km/s"),
    ("26 weeks", "26", "weeks"),
    ("half a year", "6", "months"),
    ("3.00 × 10^8 m/s", "299792.458", "km/s"),
]
DIFFERENT = [
    ("2700", "2737", "metres"),
    ("2700 m", "2737", "metres"),
    ("3 km", "2737", "metres"),
    ("2.7 kg", "2737", "metres"),
    ("88%", "88", "keys"),
    ("88 km", "88", "keys"),
    ("2 hours", "100", "minutes"),
    ("1 h 40 min", "90", "minutes"),
    ("10 to 12", "10", None),
    ("3.1", "3.14159", None),
    ("2.7", "2.737", "km"),
    ("30%", "1/3", None),
    ("100 °C", "100", "degrees Fahrenheit"),
    ("24%", "1/4", None),
]


@pytest.mark.parametrize(("text", "target", "name"), SAME)
def test_the_target_is_known_in_every_dress(text: str, target: str, name: str | None) -> None:
    assert same(only(text), F(target), name)
    if name:
        assert same(only(text), F(target), unit_named(name) or name)


@pytest.mark.parametrize(("text", "target", "name"), DIFFERENT)
def test_what_is_not_the_target_is_told_apart(text: str, target: str, name: str | None) -> None:
    assert not same(only(text), F(target), name)


def test_the_tolerance_is_in_the_probes_unit() -> None:
    assert same(only("2736"), F(2737), "metres", F(1))
    assert same(only("2.7365 km"), F(2737), "metres", F(1))
    assert not same(only("2735"), F(2737), "metres", F(1))


def test_a_value_is_converted_only_between_units_of_one_dimension() -> None:
    assert in_unit(only("2 km"), "metres") == 2000
    assert in_unit(only("2 km"), "metre") == 2000
    assert in_unit(only("2"), "metres") == 2
    assert in_unit(only("2 km"), None) == 2
    assert in_unit(only("2 km"), "kg") is None
    assert in_unit(only("2 km"), "keys") is None
    assert in_unit(only("212 °F"), "degrees Celsius") == 100


LONG = st.integers(min_value=0, max_value=10**15)
SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
ONES = SMALL.split()
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(n: int) -> str:
    """A number below 10^18 in English words."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + ("-" + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        return ONES[n // 100] + " hundred" + (" and " + in_words(n % 100) if n % 100 else "")
    for scale, name in (
        (10**15, "quadrillion"),
        (10**12, "trillion"),
        (10**9, "billion"),
        (10**6, "million"),
        (1000, "thousand"),
    ):
        if n >= scale:
            rest = n % scale
            joint = " and " if 0 < rest < 100 else " "
            return in_words(n // scale) + " " + name + (joint + in_words(rest) if rest else "")
    raise AssertionError


@given(LONG)
def test_a_whole_number_in_any_notation_is_read_back(n: int) -> None:
    grouped = f"{n:,}"
    for written in (
        *(str(n), grouped, grouped.replace(",", "'"), grouped.replace(",", "\u202f"), grouped.replace(",", " "), in_words(n)),
        *(f"{n}.0", f"{n}e0", f"{n} × 10^0", f"{n}/1"),
    ):
        if written != "one" and not (n == 0 and written == "zero"):
            assert values(f"I say {written}") == [n], written
    assert only(f"-{n}").value == -n


@given(LONG, st.integers(1, 9), st.integers(1, 12))
def test_a_decimal_number_in_any_notation_is_read_back(n: int, last: int, decimals: int) -> None:
    number = 10 * n + last
    value = F(number, 10**decimals)
    digits = str(number).rjust(decimals + 1, "0")
    head, tail = digits[:-decimals], digits[-decimals:]
    grouped = f"{int(head):,}"
    for written in (f"{head}.{tail}", f"{grouped}.{tail}", f"{grouped.replace(',', ' ')}.{tail}", f"{number}e-{decimals}"):
        q = only(written)
        assert (q.value, q.place) == (value, F(1, 10**decimals)), written
    if len(tail) != 3:
        assert only(f"{head},{tail}").value == value
        assert only(f"{grouped.replace(',', '.')},{tail}").value == value


@given(st.integers(1, 999), st.integers(2, 999))
def test_a_fraction_is_read_back(a: int, b: int) -> None:
    assert only(f"{a}/{b}").value == F(a, b)
    assert only(f"{a} / {b}").value == F(a, b)
    assert only(f"7 {a}/{b}").value == 7 + F(a, b)


@given(
    st.sampled_from([*NUMERALS, *MEASURED]),
    st.text("abc xyz.,;:()\n", max_size=40),
    st.sampled_from(["", ". And so on", ", you see", " (I believe)", "\nThat is all"]),
)
def test_where_a_quantity_stands_does_not_matter(text: str, before: str, after: str) -> None:
    alone = only(text)
    start = f"{before} so it was: well, "
    q = only(f"{start}{text}{after}")
    assert (q.value, q.unit, q.high) == (alone.value, alone.unit, alone.high)
    assert (q.start, q.end) == (len(start), len(start) + len(text))


PIECES = (
    "1 2 10 12 1990 0 ½ ² ¹ ٣ . , ' \" - – + × / : = ^ e x % $ € ° ( ) [ ] # m k km ft in h min s one two half a an and of point "
    "hundred thousand million dozen zero minus third second quarter quarters to per about 10^ us usd below İ ß ﬁ"
)


@pytest.mark.long
@settings(max_examples=400)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from([*PIECES.split(), " ", " ", "\n", "\u00a0"]),
            max_size=40,
        ).map("".join),
    )
)
def test_any_text_is_read_without_an_error_and_in_order(text: str) -> None:
    end = 0
    for q in quantities(text):
        assert end <= q.start < q.end <= len(text)
        end = q.end
        str(q.value), in_unit(q, "metres"), same(q, F(2737), "metres"), same(q, F(1, 3), None)


@pytest.mark.parametrize("length", [310, 4300, 4301, 5000, 100_000])
def test_a_very_long_number_is_a_number_and_equals_no_other(length: int) -> None:
    for text in ("9" * length, f"1e{length}", f"10^{length}", "1" + ",000" * (length // 3), f"-{'9' * length} km"):
        found = quantities(text)
        assert found
        assert all(len(str(q.value)) <= MOST_DIGITS + 10 for q in found)
        assert not any(same(q, F(408), "km") for q in found)
    assert quantities("0." + "3" * length)


@pytest.mark.parametrize(
    "unit_of_text",
    [
        *(
            "½",
            "8 ",
            "9 6 ",
            "-1",
            "1 000 ",
            "1,000 ",
            "1+1=",
            "half ",
            "three quarters ",
            "zero point ",
            "hundred ",
            "no, 8 ",
            "1,",
        ),
        *(
            "1.",
            "1'",
            "1/",
            "1:",
            "5'",
            "$",
            "one ",
            "and a half ",
            "1 in ",
            "twenty ",
            "1 - ",
            "10^9 ",
            "1. x\n",
            "[1] ",
            "1 h 40 min ",
        ),
    ],
)
def test_a_text_that_repeats_itself_is_read_to_its_end(unit_of_text: str) -> None:
    text = unit_of_text * 300
    found = quantities(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(len(str(q.value)) < 4300 for q in found)


def test_of_very_many_quantities_the_first_and_the_last_are_read() -> None:
    found = quantities("It is 7. " + "no, 8 " * 15_000 + "The answer is 42 km.")
    assert found[0].value == 7
    assert (found[-1].value, found[-1].unit) == (42, "kilometre")
    assert 1000 < len(found) < 2000


def test_every_spelling_of_a_unit_is_read_as_that_unit() -> None:
    for spelling, name in table().spelled.items():
        assert unit_named(spelling) == name, spelling
        assert table().units.get(name) or unit(name), name


def test_every_unit_is_as_long_as_pint_says() -> None:
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    named = {
        "light year": "light_year",
        "ton": "short_ton",
        "tonne": "metric_ton",
        "ounce": "ounce",
        "fluid ounce": "fluid_ounce",
        "pint": "pint",
        "degree celsius": "degC",
        "degree fahrenheit": "degF",
        "horsepower": "horsepower",
        "mmhg": "mmHg",
        "month": "month",
        "parts per million": "ppm",
        "watt hour": "watt_hour",
        "bar": "bar",
        "second squared": "second**2",
        "calorie": "calorie",
    }
    no_witness = {"dollars", "euros", "sterling", "yen", "rupees", "francs", "loudness"}
    lacking = {"basis point", "permille", "decade"}
    first: dict[str, object] = {}
    checked = 0
    for ratio in ("kilometre/hour", "mile/hour", "metre/second squared", "kilogram/cubic metre", "megabit/second"):
        assert unit(ratio)
    for name, ours in table().units.items():
        if set(ours.dimension.split("/")) & no_witness or name in lacking:
            continue
        parts = [named.get(part, part.replace(" ", "_")) for part in name.split("/")]
        for i, part in enumerate(parts):
            for word, power in (("square_", "**2"), ("cubic_", "**3")):
                if part.startswith(word):
                    parts[i] = part.removeprefix(word) + power
        theirs = parts[0] if len(parts) == 1 else "({})/({})".format(*parts)
        base = first.setdefault(ours.dimension, (ours, registry.Quantity(1, theirs).units))
        reference, base_unit = base  # type: ignore[misc]
        for value in (1, 25):
            expected = registry.Quantity(value, theirs).to(base_unit).magnitude
            got = convert(F(value), ours, reference)
            assert got is not None
            assert float(got) == pytest.approx(expected, rel=1e-5), name
        checked += 1
    assert checked > 100


def test_the_roles_are_words_for_a_report() -> None:
    assert {str(r) for r in Role} >= {"plain", "operand", "result", "year", "label"}
