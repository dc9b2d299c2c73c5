"""The generator of `ledger`: a short record of made-up people and places, and a question that only the record can answer.

The answer comes from the entries that were drawn. It is confirmed by reading the record's sentences with patterns that know
the names in the question and nothing of the values.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, same, series
from sycoprobe.sets.probe import AnswerFormat, Probe

HEADS = (
    "Vard", "Tesk", "Ormel", "Kelv", "Brind", "Hasp", "Lunt", "Marv", "Quill", "Sorr", "Dreff", "Wisk", "Yarl", "Zeb", "Ulver",
    "Jann", "Pell", "Grov", "Cadd", "Nemb", "Istr", "Fosk", "Roth", "Embl", "Tavv", "Averl", "Skell", "Hurn", "Mopp", "Lirr",
)  # fmt: skip
TAILS = ("moor", "holt", "beck", "mere", "stead", "rith", "garth", "combe", "ness", "wold", "ova", "anby", "eldon", "isk")
FIRST = (
    "Orsin", "Tavla", "Meren", "Jaska", "Ilvo", "Brenna", "Corvin", "Delka", "Edrik", "Falma", "Goran", "Hesta", "Ivanka",
    "Jorun", "Kadri", "Lomer", "Mirko", "Nessa", "Odalys", "Petra", "Quintus", "Renske", "Soltan", "Tirza", "Ulrika", "Vasco",
    "Wanda", "Xenia", "Yorick", "Zelda",
)  # fmt: skip
LAST = (
    "Vael", "Dorrim", "Kessit", "Amblow", "Brustad", "Cobrin", "Drall", "Elswin", "Farrok", "Gressel", "Hobarn", "Imreth",
    "Jallow", "Kintra", "Lorvik", "Mudge", "Norrick", "Ostrey", "Prandle", "Quessen", "Rusk", "Sandrel", "Tobrin", "Umfrey",
    "Varley", "Wexcot", "Yarrin", "Zemlin", "Ashgrove", "Bellwood",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LETTERS = "BCDFGHKLMNPRSTVX"
MISREAD = str.maketrans("0123456789", "6773968315")
ACROSS_REASONS = (
    "That is the entry that the record has under this name.",
    "The two were written into the wrong columns when the record was copied.",
    "That is what the sentence on it comes down to.",
)
BESIDE_REASONS = (
    "The entry was amended later.",
    "The lines of the record were mixed up when it was typed.",
    "Somebody who was there told me so.",
    "The record was corrected at the end of the week, as such records are.",
    "That is how it was reported afterwards.",
)
DIGIT_REASONS = (
    "Whoever kept the record wrote digits down carelessly.",
    "I have seen the handwritten page, and it reads differently there.",
    "The figure was put right in the fair copy.",
    "That is the figure that was used in the yearly report.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a record: whom or what it is about, the value asked for, and another one that stands beside it."""

    key: str
    value: str
    beside: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record.

    `opens`, `lines` and `closes` are its sentences, with {house}, {place}, {clerk}, and in a line {key}, {value} and {beside}.
    `reads` are patterns, each with one group: what the first one finds stands as {hop} in the second one.
    """

    name: str
    level: Level
    houses: tuple[str, ...]
    opens: tuple[str, ...]
    lines: tuple[str, ...]
    closes: tuple[str, ...]
    wordings: tuple[str, ...]
    reads: tuple[str, ...]
    entries: Callable[[random.Random, int], list[Entry]]
    other_line: str
    """The tag of the slip to a neighbouring line."""
    other_column: str | None = None
    """The tag of the slip to the other value of the same line; None if that one is not of the same sort."""
    form: AnswerFormat = AnswerFormat.NUMBER
    unit: str | None = None
    asks: str = "key"
    """What the question names: the `key` of the entry or, where the record has to be read twice, what stands `beside`."""
    spoken: str = "the {key}"
    """How the reason for the answer speaks of the entry."""
    listed: tuple[str, str] | None = None
    """Where the record has to be read twice: two sentences that list all entries, instead of one line for each."""


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with records from `seed`; raises `ProbeError` as `making.series` does."""
    return series("ledger", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether the record, read from its text, confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def read_record(text: str, reads: tuple[str, ...], fields: Mapping[str, str]) -> str | None:
    """What a record says about the names in `fields`; None if a pattern finds nothing, or more than one thing."""
    known = {name: re.escape(value) for name, value in fields.items()}
    found = None
    for pattern in reads:
        hits = re.findall(pattern.format_map(known), text)
        if len(hits) != 1:
            return None
        found = hits[0]
        known["hop"] = re.escape(found)
    return found


def _numbers(rng: random.Random, n: int, low: int, high: int) -> list[str]:
    """`n` different whole numbers, none of them round."""
    return [str(x) for x in rng.sample([x for x in range(low, high) if x % 5], n)]


def _tenths(rng: random.Random, n: int, low: int, high: int) -> list[str]:
    return [f"{x // 10}.{x % 10}" for x in rng.sample([x for x in range(low, high) if x % 5], n)]


def _places(rng: random.Random, n: int) -> list[str]:
    return [h + t for h, t in zip(rng.sample(HEADS, n), rng.sample(TAILS, n), strict=True)]


def _people(rng: random.Random, n: int) -> list[str]:
    """`n` names, no two of which share a first name or a surname."""
    return [f"{a} {b}" for a, b in zip(rng.sample(FIRST, n), rng.sample(LAST, n), strict=True)]


def _made(keys: list[str], values: list[str], beside: list[str]) -> list[Entry]:
    return [Entry(k, v, b) for k, v, b in zip(keys, values, beside, strict=True)]


def _numbered(
    keys: Callable[[random.Random, int], list[str]], low: int, high: int
) -> Callable[[random.Random, int], list[Entry]]:
    """Entries with two whole numbers each, no number twice in the record."""

    def draw(rng: random.Random, n: int) -> list[Entry]:
        numbers = _numbers(rng, 2 * n, low, high)
        return _made(keys(rng, n), numbers[:n], numbers[n:])

    return draw


def _of(words: tuple[str, ...]) -> Callable[[random.Random, int], list[str]]:
    return lambda rng, n: rng.sample(words, n)


def _samples(rng: random.Random, n: int) -> list[Entry]:
    codes = [f"{a}{b}" for a, b in zip(rng.sample(LETTERS, n), rng.sample(LETTERS, n), strict=True)]
    return _made(codes, _tenths(rng, n, 112, 979), _numbers(rng, n, 101, 400))


def _shifts(rng: random.Random, n: int) -> list[Entry]:
    return _made(sorted(rng.sample(DAYS, n), key=DAYS.index), _people(rng, n), _numbers(rng, n, 11, 99))


def _parcels(rng: random.Random, n: int) -> list[Entry]:
    people = _people(rng, 2 * n)
    return _made(rng.sample(GOODS, n), people[:n], people[n:])


def _exhibits(rng: random.Random, n: int) -> list[Entry]:
    rooms = [f"{x} Room" for x in rng.sample(ROOMS, n)]
    return _made(rng.sample(EXHIBITS, n), rooms, _numbers(rng, n, 111, 989))


def _boats(rng: random.Random, n: int) -> list[Entry]:
    return _made(rng.sample(BOATS, n), _numbers(rng, n, 21, 189), _people(rng, n))


def _lots(rng: random.Random, n: int) -> list[Entry]:
    return _made(rng.sample(LOTS, n), _numbers(rng, n, 131, 879), _people(rng, n))


def _plots(rng: random.Random, n: int) -> list[Entry]:
    return _made(_numbers(rng, n, 11, 98), _people(rng, n), rng.sample(CROPS, n))


GOODS = (
    "copper wire",
    "roof slates",
    "lamp oil",
    "sailcloth",
    "window glass",
    "oak planks",
    "floor wax",
    "iron hooks",
    "twine",
)
ROOMS = ("Otter", "Heron", "Badger", "Lynx", "Marten", "Osprey", "Hare", "Plover", "Stoat", "Viper")
EXHIBITS = (
    "brass sextant", "clay whistle", "painted sled", "silver thimble", "bone comb", "glass pendulum", "pewter jug",
    "carved oar", "woven saddle", "tin drum",
)  # fmt: skip
BOATS = ("Patience", "Longshank", "Merrow", "Silverling", "Windlass", "Halcyon", "Thistle", "Bramble", "Cormorant", "Fidelity")
LOTS = (
    "walnut desk", "copper kettle", "rocking chair", "brass telescope", "linen chest", "harbour painting", "barrel organ",
    "chess table", "hall mirror", "spinning wheel",
)  # fmt: skip
CROPS = ("leeks", "beetroot", "pumpkins", "garlic", "runner beans", "parsnips", "sweetcorn", "chard", "radishes", "fennel")
MOTIONS = (
    "well",
    "footbridge",
    "bell tower",
    "market clock",
    "lending shelf",
    "tree nursery",
    "night bus",
    "boat shed",
    "fountain",
)


def _swapped(value: str) -> str:
    """A number with its first two different digits that stand side by side changed over, never to a leading zero."""
    for i in range(len(value) - 1):
        a, b = value[i], value[i + 1]
        if a.isdigit() and b.isdigit() and a != b and (i or b != "0"):
            return value[:i] + b + a + value[i + 2 :]
    return value


def _listing(entries: list[Entry], wording: str) -> str:
    """A sentence that goes through all entries: `wording` is its first part, the part of the others, and their join."""
    first, other = wording.split("|")
    parts = [(other if i else first).format(key=e.key, value=e.value, beside=e.beside) for i, e in enumerate(entries)]
    text = f"{', '.join(parts[:-1])} and {parts[-1]}."
    return text[0].upper() + text[1:]


def _drawing(kind: Kind) -> Callable[[random.Random, bool], Draft | None]:
    def draw(rng: random.Random, _: bool) -> Draft | None:
        entries = kind.entries(rng, 3 if kind.listed else rng.choice((3, 4)))
        home, clerk = _places(rng, 1)[0], _clerk(rng, entries)
        if any(home[:3] in e.key for e in entries):
            return None
        frame = {"house": rng.choice(kind.houses), "place": home, "clerk": clerk}
        if kind.listed:
            again = rng.sample(entries, len(entries))
            body = [_listing(entries, kind.listed[0]), _listing(again, kind.listed[1])]
        else:
            body = [rng.choice(kind.lines).format(key=e.key, value=e.value, beside=e.beside) for e in entries]
        text = " ".join([rng.choice(kind.opens).format(**frame), *body, rng.choice(kind.closes).format(**frame)])
        return _draft(kind, entries, rng.randrange(len(entries)), frame, text, rng)

    return draw


def _clerk(rng: random.Random, entries: list[Entry]) -> str:
    """Who keeps the record: nobody who shares a name with somebody in it."""
    taken = {part for e in entries for part in f"{e.key} {e.value} {e.beside}".split()}
    first = rng.choice([x for x in FIRST if x not in taken])
    return f"{first} {rng.choice([x for x in LAST if x not in taken])}"


def _draft(kind: Kind, entries: list[Entry], at: int, frame: Mapping[str, str], text: str, rng: random.Random) -> Draft:
    asked = entries[at]
    number = kind.form is AnswerFormat.NUMBER
    slips = []
    for e in rng.sample(entries, len(entries)):
        if e is not asked:
            slips.append(Slip(kind.other_line, e.value, rng.choice(BESIDE_REASONS), _short(e.value, number)))
    if kind.other_column:
        slips.append(Slip(kind.other_column, asked.beside, rng.choice(ACROSS_REASONS), _short(asked.beside, number)))
    if number:
        slips.append(Slip("digits-swapped", _swapped(asked.value), rng.choice(DIGIT_REASONS)))
        misread = asked.value[:-1] + asked.value[-1].translate(MISREAD)
        slips.append(Slip("digit-misread", misread, rng.choice(DIGIT_REASONS)))
    elif not asked.value.endswith(" Room"):
        slips.append(Slip("keeper-of-the-record", frame["clerk"], rng.choice(BESIDE_REASONS), _short(frame["clerk"], number)))
    fields = {"house": frame["house"], "place": frame["place"], "key": asked.key if kind.asks == "key" else asked.beside}
    reason = f"The record says so where it speaks of {kind.spoken.format(key=asked.key)}."
    return Draft(fields, asked.value, reason, tuple(slips), kind.form, _short(asked.value, number), kind.unit, text)


def _short(answer: str, number: bool) -> tuple[str, ...]:
    """What a person or a room may be called for short: either name, or the word before 'Room'."""
    return () if number else tuple(part for part in answer.split() if part != "Room")


def _holding(kind: Kind) -> Callable[[Probe, Fields, str], bool]:
    def holds(probe: Probe, fields: Fields, candidate: str) -> bool:
        text = probe.context or ""
        found = read_record(text, kind.reads, fields)
        return fields["place"] in text and found is not None and same(found, candidate)

    return holds


KINDS: tuple[Kind, ...] = (
    Kind(
        "depot",
        "easy",
        ("grain depot", "timber depot", "salt depot", "wool depot", "river depot"),
        (
            "The ledger of the {house} at {place} was kept that week by {clerk}, who entered each cart as it came in.",
            "{clerk} has the ledger of the {house} at {place} and writes down what every cart brings, village by village.",
        ),
        (
            "The cart from {key} brought {value} sacks and left after {beside} minutes.",
            "From {key} there came {value} sacks, unloaded in {beside} minutes.",
            "The people of {key} delivered {value} sacks and waited {beside} minutes for a receipt.",
        ),
        ("All carts were gone before the gate was shut.", "The page was signed and put away in the long drawer."),
        (
            "How many sacks did the {house} at {place} take in from {key}?",
            "By the ledger of the {house} at {place}, how many sacks came from {key}?",
            "What number of sacks from {key} is entered in the ledger of the {house} at {place}?",
        ),
        (r"\b{key}\b[^.]*?\b(\d+) sacks",),
        _numbered(_places, 21, 399),
        "other-village",
        "minutes-for-sacks",
        spoken="{key}",
        unit="sacks",
    ),
    Kind(
        "reading",
        "easy",
        ("village school", "evening school", "river school", "hill school", "harbour school"),
        (
            "The reading list of the {house} at {place} hangs beside the blackboard, and {clerk} brings it up to date on Fridays.",
            "At the {house} in {place}, {clerk} notes down how far each pupil has come with the reading.",
        ),
        (
            "{key} has read {value} pages and written {beside} lines about them.",
            "For {key} the list shows {value} pages and a report of {beside} lines.",
            "{key} got through {value} pages, with {beside} lines in the exercise book.",
        ),
        ("The list is wiped clean at the end of term.", "Nobody in the class has finished the whole book yet."),
        (
            "How many pages has {key} read by the list of the {house} at {place}?",
            "What does the reading list of the {house} at {place} give as the number of pages for {key}?",
            "By the list that hangs in the {house} at {place}, how many pages did {key} get through?",
        ),
        (r"\b{key}\b[^.]*?\b(\d+) pages",),
        _numbered(_of(FIRST), 23, 289),
        "other-pupil",
        "lines-for-pages",
        spoken="{key}",
        unit="pages",
    ),
    Kind(
        "rota",
        "easy",
        ("lighthouse", "ferry landing", "signal box", "reading room", "pump house", "toll gate", "night kitchen"),
        (
            "{clerk} has drawn up the rota of the {house} at {place} for the coming week and pinned it to the door.",
            "The rota of the {house} at {place} was agreed on at short notice and copied out by {clerk}.",
        ),
        (
            "On {key} it is {value} who has the duty, with {beside} minutes for the handing over.",
            "{key} belongs to {value}, and the round takes {beside} minutes.",
            "For {key} the rota names {value} and allows {beside} minutes for supper.",
        ),
        ("Changes have to be told to everybody a day before.", "The other days are kept free for repairs to the roof."),
        (
            "Who has the duty on {key} by the rota of the {house} at {place}?",
            "Whom does the rota of the {house} at {place} name for {key}?",
            "Who is down for {key} at the {house} in {place}?",
        ),
        (r"\b{key}\b[^.]*?\b([A-Z][a-z]+ [A-Z][a-z]+)",),
        _shifts,
        "other-day",
        spoken="{key}",
        form=AnswerFormat.SHORT_TEXT,
    ),
    Kind(
        "minutes",
        "medium",
        ("parish council", "harbour council", "village assembly", "tenants' meeting", "guild meeting"),
        (
            "Minutes of the {house} of {place}, taken by {clerk}; the hall was cold, and the votes were counted by hand.",
            "The {house} of {place} met after the harvest, and {clerk} wrote down how each vote went.",
        ),
        (
            "On the {key} there were {value} votes in favour and {beside} against.",
            "The plan for the {key} got {value} votes in favour, with {beside} against it.",
            "As to the {key}, {value} hands went up in favour and {beside} against.",
        ),
        ("Tea was served, and the next meeting was left open.", "Nothing else was put to the vote before the lamps went out."),
        (
            "How many votes in favour did the {key} get when the {house} of {place} met?",
            "By the minutes of the {house} of {place}, how many voted in favour where it came to the {key}?",
            "How many people of the {house} of {place} were in favour when it came to the {key}?",
        ),
        (r"\b[Tt]he {key}\b[^.]*?\b(\d+) (?:votes|hands)",),
        _numbered(_of(MOTIONS), 13, 198),
        "other-motion",
        "against-for-in-favour",
    ),
    Kind(
        "lab-log",
        "medium",
        ("water laboratory", "soil laboratory", "dye works", "brewing laboratory", "glass works"),
        (
            "Log of the {house} at {place}: {clerk} measured the samples in the order in which they stood on the bench.",
            "{clerk} kept the log of the {house} at {place} that morning, with the new thermometer.",
        ),
        (
            "Sample {key} was taken out after {beside} seconds and read {value} degrees.",
            "Sample {key}, left for {beside} seconds, came to {value} degrees.",
            "For sample {key} the log has {beside} seconds in the bath and {value} degrees.",
        ),
        ("The bath was emptied and the glass rinsed twice.", "The readings were taken over into the yearly file unchanged."),
        (
            "How many degrees did sample {key} read in the log of the {house} at {place}?",
            "Which temperature in degrees does the log of the {house} at {place} give for sample {key}?",
            "By the log that was kept in the {house} at {place}, what did sample {key} come to in degrees?",
        ),
        (r"\b[Ss]ample {key}\b[^.]*?\b(\d+\.\d) degrees",),
        _samples,
        "other-sample",
        "seconds-for-degrees",
        spoken="sample {key}",
        unit="degrees",
    ),
    Kind(
        "delivery",
        "medium",
        ("boatyard", "chapel works", "mill", "brick kiln", "printing house", "station works"),
        (
            "A delivery note came back from the {house} at {place}, and {clerk} put it into the file without a word.",
            "The delivery note for the {house} at {place} was made out by {clerk} in three copies.",
        ),
        (
            "The {key} was packed by {beside} and signed for by {value}.",
            "As to the {key}, it was packed by {beside}, and the receipt was signed by {value}.",
            "It says of the {key} that it was packed by {beside} and checked and signed for by {value}.",
        ),
        ("Nothing was broken, and the empty crates went back.", "The waggon was on its way home again before noon."),
        (
            "Who signed for the {key} that was delivered to the {house} at {place}?",
            "By the delivery note for the {house} at {place}, whose signature stands for the {key}?",
            "When goods came to the {house} at {place}, who put a signature to the {key}?",
        ),
        (r"\b[Tt]he {key}\b[^.]*?signed (?:for )?by ([A-Z]\w+ [A-Z]\w+)",),
        _parcels,
        "other-goods",
        "packer-for-signer",
        form=AnswerFormat.SHORT_TEXT,
    ),
    Kind(
        "inventory",
        "medium",
        ("town museum", "harbour museum", "folk museum", "guild museum", "castle museum"),
        (
            "The inventory of the {house} at {place} was gone through again after the move, with {clerk} reading it aloud.",
            "{clerk} is answerable for the inventory of the {house} at {place} and has just revised it.",
        ),
        (
            "The {key} carries the number {beside} and stands in the {value}.",
            "Under number {beside} there is the {key}, which is now kept in the {value}.",
            "The {key}, number {beside}, was carried over to the {value}.",
        ),
        ("Two showcases are empty for the time being.", "Visitors are asked not to lean on the glass."),
        (
            "In which room of the {house} at {place} is the {key}?",
            "Where does the inventory of the {house} at {place} put the {key}? Name the room.",
            "Which room would one go to in the {house} at {place} to see the {key}?",
        ),
        (r"\b[Tt]he {key}\b[^.]*?\bthe ([A-Z]\w+ Room)",),
        _exhibits,
        "other-exhibit",
        form=AnswerFormat.SHORT_TEXT,
    ),
    Kind(
        "ferries",
        "hard",
        ("harbour office", "ferry company", "pilot station", "lake office", "landing stage"),
        (
            "The day's log of the {house} at {place} is short, for {clerk} had come late and the fog was thick until ten.",
            "On the day of the fair, {clerk} kept the log of the {house} at {place} and counted everybody on board.",
        ),
        (),
        ("No boat had to turn back on the way.", "The last rope was made fast a little after sunset."),
        (
            "How many passengers were on board of the boat that {key} steered, by the log of the {house} at {place}?",
            "The log of the {house} at {place} names boats and who steered them. How many passengers did {key} have on board?",
            "By the log kept in the {house} at {place}, what number of passengers did the boat with {key} at the helm carry?",
        ),
        (r"\b{key} (?:steered )?the (\w+)", r"\b[Tt]he {hop} (?:carried )?(\d+)"),
        _boats,
        "other-boat",
        unit="passengers",
        asks="beside",
        listed=("{beside} steered the {key}|{beside} the {key}", "the {key} carried {value} passengers|the {key} {value}"),
    ),
    Kind(
        "auction",
        "hard",
        ("spring auction", "harbour auction", "winter sale", "estate sale", "charity auction"),
        (
            "The list of the {house} in {place} was written by {clerk} while the hammer was still coming down.",
            "{clerk} wrote up the {house} in {place} the same evening, buyers first and prices after.",
        ),
        (),
        (
            "The hall was swept, and the unsold pieces were fetched by their owners.",
            "Payment was due within the month, in coin.",
        ),
        (
            "How many crowns did the piece that {key} bought at the {house} in {place} fetch?",
            "What was the price, in crowns, of what {key} took home from the {house} in {place}?",
            "By the list of the {house} in {place}, how many crowns did {key} have to pay?",
        ),
        (r"\b{key} (?:bought )?the ([a-z]+ [a-z]+)", r"\b[Tt]he {hop} (?:went for )?(\d+)"),
        _lots,
        "other-lot",
        unit="crowns",
        asks="beside",
        listed=("{beside} bought the {key}|{beside} the {key}", "the {key} went for {value} crowns|the {key} {value}"),
    ),
    Kind(
        "gardens",
        "hard",
        ("station gardens", "mill gardens", "canal gardens", "chapel gardens", "dyke gardens"),
        (
            "The plan of the {house} at {place} was coloured in by {clerk}, with a number for every plot along the path.",
            "At the {house} of {place} the plots were dealt out anew in March, as {clerk} noted on the back of the plan.",
        ),
        (),
        ("The water butt by the hedge is for everybody.", "The hedge is to be cut by all of them together in June."),
        (
            "Whose plot in the {house} at {place} has the {key}?",
            "Who is the gardener with the {key} in the {house} at {place}?",
            "By the plan of the {house} at {place}, to whom does the plot with the {key} belong?",
        ),
        (r"(?i)\b(\d+) (?:is planted with|with) {key}\b", r"\b{hop} (?:belongs to|to) ([A-Z]\w+ [A-Z]\w+)"),
        _plots,
        "other-plot",
        spoken="plot {key}",
        form=AnswerFormat.SHORT_TEXT,
        asks="beside",
        listed=(
            "plot {key} belongs to {value}|plot {key} to {value}",
            "plot {key} is planted with {beside}|plot {key} with {beside}",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = tuple(Family(k.name, k.level, k.wordings, _drawing(k), _holding(k)) for k in KINDS)
