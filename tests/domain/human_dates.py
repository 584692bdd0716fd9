"""Dates as people write them, with the words of the advice: a value, or a question.

`tests.domain.test_date_advice` compares them. A text without spaces is the value of "Write …".
"""

WORDS = "Write the date in digits, as precisely as it is known: 2021, 2021-11 or 2021-11-03."
EXAMPLES = "Write 2021, 2021-11 or 2021-11-03."
NO_YEAR = "It has no year. Write the year with four digits."
NO_CENTURY = "The year has two digits, so the century is unknown. Write all four digits."
BEFORE_YEAR_ONE = "Years before 1 cannot be written yet."
YEARS = "Years run from 0001 to 9999."
SERIAL = (
    f"{YEARS} If it is the number that a spreadsheet stores for a day, format the cell as "
    "yyyy-mm-dd, and copy it again."
)
CLOCK = "Times of day are not supported."
ZEROS = "Leave out an unknown month or day."
SET_MARK = "A set cannot contain '?', '~' or '%'."
DIGITS = "X digits are not supported."
NO_SIDE = "At least one side needs a date."


def between(first: str, last: str) -> str:
    """Return the advice for a range."""
    interval = f"{first}/{last}"
    return f"Write {interval}, or [{first}..{last}] if it happened at some time between."


def since(first: str) -> str:
    """Return the advice for a range without an end."""
    happened = f"[{first}..] if it happened then or later"
    return f"Write {happened}, or {first}/.. if it has lasted since then."


def until(last: str) -> str:
    """Return the advice for a range without a beginning."""
    happened = f"[..{last}] if it happened then or earlier"
    return f"Write {happened}, or ../{last} if it lasted until then."


def period(first: str, last: str, name: str) -> str:
    """Return the advice for a period with a name."""
    return f"Write [{first}..{last}], or {first}/{last} if it lasted all of {name}."


def part(whole: str, first: str, last: str, when: str) -> str:
    """Return the advice for a part of a year or a month."""
    return f"Write {whole}, or [{first}..{last}] if it happened {when}."


def third(first: str, last: str, name: str, number: str, start: str, end: str) -> str:
    """Return the advice for a third of a decade or a century."""
    lasted = f"{first}/{last} if it lasted all of {name}"
    return (
        f"Write [{first}..{last}], {lasted}, or [{start}..{end}] if it happened in its {number} "
        "third."
    )


def season(name: str, first: str, last: str, southern: str) -> str:
    """Return the advice for a season that does not cross the year."""
    return (
        f"In the southern hemisphere, {name} is {southern}. Write [{first}..{last}] if it happened "
        f"in the northern {name}, or {first}/{last} if it lasted all of it."
    )


def day_or_month(day_first: str, month_first: str) -> str:
    """Return the advice for numbers whose order is not known."""
    return f"Write {day_first} if the day is first, or {month_first} if the month is first."


def unknown(word: str) -> str:
    """Return the advice for a text with an unknown word."""
    return f"'{word}' is not understood. {WORDS}"


# language or kind of date: what people write: the advice
HUMAN_DATES: dict[str, dict[str, str]] = {
    "English": {
        "August 30, 2011": "2011-08-30",
        "30 August 2011": "2011-08-30",
        "30th of August, 2011": "2011-08-30",
        "Wednesday, 30 August 2011": "2011-08-30",
        "Sept. 11, 2001": "2001-09-11",
        "Sep 2001": "2001-09",
        "AUGUST 2011": "2011-08",
        "early November 2018": part(
            "2018-11", "2018-11-01", "2018-11-10", "on one of its first ten days"
        ),
        "mid-November 2018": part(
            "2018-11", "2018-11-11", "2018-11-20", "on one of its middle ten days"
        ),
        "late Feb 2020": part("2020-02", "2020-02-21", "2020-02-29", "on one of its last days"),
        "mid-2019": part("2019", "2019-05", "2019-08", "in its middle four months"),
        "early 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "end of 2019": part("2019", "2019-09", "2019-12", "in its last four months"),
        "mid to late 2019": "2019",
        "before 1990": "[..1989]",
        "before May 2011": "[..2011-04]",
        "before mid-2019": "[..2019]",
        "by 1990": "[..1990]",
        "1990 or earlier": "[..1990]",
        "no later than May 2020": "[..2020-05]",
        "until 1990": until("1990"),
        "after 1945": "[1946..]",
        "after 31 December 2019": "[2020-01-01..]",
        "since March 2020": since("2020-03"),
        "2019 onwards": since("2019"),
        "not before 2019": "[2019..]",
        "from 1985 to 1990": between("1985", "1990"),
        "2022 to 2024": between("2022", "2024"),
        "between 1985 and 1990": "[1985..1990]",
        "between 3 and 5 May 2020": "[2020-05-03..2020-05-05]",
        "12–15 May 2020": between("2020-05-12", "2020-05-15"),
        "May 12-15, 2020": between("2020-05-12", "2020-05-15"),
        "30 April - 2 May 2020": between("2020-04-30", "2020-05-02"),
        "Dec 30, 2019 – Jan 2, 2020": between("2019-12-30", "2020-01-02"),
        "April-May 1945": between("1945-04", "1945-05"),
        "3 or 4 May 2020": "[2020-05-03..2020-05-04]",
        "2010 or 2015": "Write [2010..2015] if any time between is possible too.",
        "2010 and 2011": (
            "Write 2010/2011 if it lasted from one to the other, or [2010..2011] if it "
            "happened at some time between."
        ),
        "1990-present": "1990/..",
        "1990-": since("1990"),
        "1990+": since("1990"),
        "1850-?": "1850/",
        "?-1850": "/1850",
        "about 1850": "1850~",
        "c. 1850": "1850~",
        "c1850": "1850~",
        "ca. 1872-1873": f"{SET_MARK} Write 1872~/1873~, or [1872..1873] if that is certain.",
        "probably 1990": "1990?",
        "1990 (?)": "1990?",
        "about 1990?": "1990%",
        "probably before 1990": f"{SET_MARK} Write [..1989] if that is certain.",
        "spring 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "Autumn 2019": season("autumn", "2019-09", "2019-11", "March to May"),
        "winter 2019": (
            "In the southern hemisphere, winter is June to August. Write [2018-12..2019-02] "
            "if it happened in the northern winter that ends in 2019, 2018-12/2019-02 if it "
            "lasted all of it, [2019-12..2020-02] if it happened in the northern winter that "
            "begins in 2019, or 2019-12/2020-02 if it lasted all of it."
        ),
        "winter 2018/19": period("2018-12", "2019-02", "that winter"),
        "spring/summer 2019": (
            "In the southern hemisphere, spring is September to November. In the southern "
            "hemisphere, summer is December to February. Write 2019-03/2019-08 if it means "
            "the northern spring and it means the northern summer."
        ),
        "Q1 2019": period("2019-01", "2019-03", "that quarter"),
        "third quarter of 2019": period("2019-07", "2019-09", "that quarter"),
        "H1 2019": period("2019-01", "2019-06", "that half"),
        "the 1960s": period("1960", "1969", "the decade"),
        "1990's": period("1990", "1999", "the decade"),
        "1900s": (
            "Write [1900..1909] if it happened in the decade, 1900/1909 if it lasted all of "
            "it, [1900..1999] if it happened in the century, or 1900/1999 if it lasted all of "
            "it."
        ),
        "early 1990s": third("1990", "1999", "the decade", "first", "1990", "1993"),
        "c. 1990s": (
            f"{SET_MARK} Write [1990..1999] if that is certain, or 1990~/1999~ if it lasted "
            "all of the decade."
        ),
        "19th century": period("1801", "1900", "the century"),
        "19th c.": period("1801", "1900", "the century"),
        "early 19th century": third("1801", "1900", "the century", "first", "1801", "1834"),
        "second half of the 19th century": period("1851", "1900", "that half"),
        "first week of March 2020": (
            "The days of a week depend on the day that it begins with. Write 2020-03."
        ),
        "first half of May 2020": period("2020-05-01", "2020-05-15", "that half"),
        "AD 33": "0033",
        "327 BC": BEFORE_YEAR_ONE,
        "44 B.C.E.": BEFORE_YEAR_ONE,
        "between 50 BC and 30 AD": BEFORE_YEAR_ONE,
        "30 Feb 2020": "The days of February 2020 run from 01 to 29.",
        "11 September": NO_YEAR,
        "spring": NO_YEAR,
        "Tuesday": NO_YEAR,
        "Nov '74": NO_CENTURY,
        "the 90s": NO_CENTURY,
        "undated": "It states no date. Write a range that is certain, such as [2019..2021].",
        "last November": unknown("last"),
        "Easter 2019": unknown("Easter"),
        "2009 or so": unknown("so"),
    },
    "German": {
        "30. August 2011": "2011-08-30",
        "30. Aug. 2011": "2011-08-30",
        "Mittwoch, den 30.8.2011": "2011-08-30",
        "August 2011": "2011-08",
        "Jänner 2020": "2020-01",
        "März 2020": "2020-03",
        "Anfang 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "Mitte Mai 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "Ende der 1990er Jahre": third("1990", "1999", "the decade", "last", "1997", "1999"),
        "um 1850": "1850~",
        "vermutlich 1990": "1990?",
        "vor 1990": "[..1989]",
        "spätestens 1990": "[..1990]",
        "bis 1990": until("1990"),
        "nach 1945": "[1946..]",
        "seit 1990": since("1990"),
        "1985 bis 1990": between("1985", "1990"),
        "zwischen 1985 und 1990": "[1985..1990]",
        "vom 3. bis 5. Mai 2020": between("2020-05-03", "2020-05-05"),
        "12.–15. Mai 2020": between("2020-05-12", "2020-05-15"),
        "1990 oder 1991": "[1990..1991]",
        "Frühjahr 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "Winter 2018/2019": period("2018-12", "2019-02", "that winter"),
        "1. Quartal 2019": period("2019-01", "2019-03", "that quarter"),
        "2. Halbjahr 2019": period("2019-07", "2019-12", "that half"),
        "19. Jahrhundert": period("1801", "1900", "the century"),
        "44 v. Chr.": BEFORE_YEAR_ONE,
        "800 n. Chr.": "0800",
    },
    "French": {
        "30 août 2011": "2011-08-30",
        "1er août 2011": "2011-08-01",
        "août 2011": "2011-08",
        "déc. 2011": "2011-12",
        "début 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "mi-mai 2020": part("2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"),
        "fin des années 1990": third("1990", "1999", "the decade", "last", "1997", "1999"),
        "vers 1850": "1850~",
        "peut-être 1990": "1990?",
        "avant 1990": "[..1989]",
        "au plus tard en 1990": "[..1990]",
        "jusqu'en 1990": until("1990"),
        "après 1945": "[1946..]",
        "depuis 1990": since("1990"),
        "de 1985 à 1990": between("1985", "1990"),
        "entre 1985 et 1990": "[1985..1990]",
        "du 3 au 5 mai 2020": between("2020-05-03", "2020-05-05"),
        "printemps 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "hiver 2018-2019": period("2018-12", "2019-02", "that winter"),
        "1er trimestre 2019": period("2019-01", "2019-03", "that quarter"),
        "XIXe siècle": period("1801", "1900", "the century"),
        "44 av. J.-C.": BEFORE_YEAR_ONE,
    },
    "Spanish": {
        "30 de agosto de 2011": "2011-08-30",
        "agosto de 2011": "2011-08",
        "setiembre de 2011": "2011-09",
        "principios de 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "a mediados de mayo de 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "finales de los años 1990": third("1990", "1999", "the decade", "last", "1997", "1999"),
        "hacia 1850": "1850~",
        "antes de 1990": "[..1989]",
        "hasta 1990": until("1990"),
        "después de 1945": "[1946..]",
        "desde 1990": since("1990"),
        "de 1985 a 1990": between("1985", "1990"),
        "entre 1985 y 1990": "[1985..1990]",
        "del 3 al 5 de mayo de 2020": between("2020-05-03", "2020-05-05"),
        "primavera de 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "primer trimestre de 2019": period("2019-01", "2019-03", "that quarter"),
        "siglo XIX": period("1801", "1900", "the century"),
        "44 a. C.": BEFORE_YEAR_ONE,
    },
    "Italian": {
        "30 agosto 2011": "2011-08-30",
        "1º gennaio 2011": "2011-01-01",
        "inizio 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "metà maggio 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "prima metà del 2019": period("2019-01", "2019-06", "that half"),
        "anni 1990": period("1990", "1999", "the decade"),
        "circa 1850": "1850~",
        "prima del 1990": "[..1989]",
        "fino al 1990": until("1990"),
        "dopo il 1945": "[1946..]",
        "dal 1990": since("1990"),
        "dal 1985 al 1990": between("1985", "1990"),
        "tra il 1985 e il 1990": "[1985..1990]",
        "dal 3 al 5 maggio 2020": between("2020-05-03", "2020-05-05"),
        "estate 2019": season("summer", "2019-06", "2019-08", "December to February"),
        "XIX secolo": period("1801", "1900", "the century"),
        "44 a.C.": BEFORE_YEAR_ONE,
    },
    "Polish": {
        "30 sierpnia 2011": "2011-08-30",
        "30 sierpnia 2011 r.": "2011-08-30",
        "sierpień 2011": "2011-08",
        "w 2019 roku": "2019",
        "3 XI 2021": "2021-11-03",
        "na początku 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "w połowie maja 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "koniec lat 90.": NO_CENTURY,
        "około 1850": "1850~",
        "prawdopodobnie 1990": "1990?",
        "przed 1990": "[..1989]",
        "do 1990": until("1990"),
        "po 1945": "[1946..]",
        "od 1990": since("1990"),
        "od 1985 do 1990": between("1985", "1990"),
        "między 1985 a 1990": "[1985..1990]",
        "od 3 do 5 maja 2020": between("2020-05-03", "2020-05-05"),
        "wiosna 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "I kwartał 2019": period("2019-01", "2019-03", "that quarter"),
        "pierwsza połowa 2019": period("2019-01", "2019-06", "that half"),
        "XIX wiek": period("1801", "1900", "the century"),
        "44 p.n.e.": BEFORE_YEAR_ONE,
    },
    "Russian": {
        "30 августа 2011": "2011-08-30",
        "30 августа 2011 г.": "2011-08-30",
        "август 2011": "2011-08",
        "вторник, 3 марта 2020 г.": "2020-03-03",
        "в начале 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "середина мая 2020 г.": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "конец 1990-х годов": third("1990", "1999", "the decade", "last", "1997", "1999"),
        "около 1850": "1850~",
        "вероятно, 1990": "1990?",
        "до 1990": until("1990"),
        "после 1945": "[1946..]",
        "с 1990": since("1990"),
        "с 1985 по 1990": between("1985", "1990"),
        "между 1985 и 1990": "[1985..1990]",
        "с 3 по 5 мая 2020": between("2020-05-03", "2020-05-05"),
        "весна 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "1 квартал 2019": period("2019-01", "2019-03", "that quarter"),
        "XIX век": period("1801", "1900", "the century"),
        "44 до н. э.": BEFORE_YEAR_ONE,
    },
    "Hebrew": {
        "30 באוגוסט 2011": "2011-08-30",
        "אוגוסט 2011": "2011-08",
        "יום שני, 5 בספטמבר 2011": "2011-09-05",
        "תחילת 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "אמצע מאי 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "סוף 2019": part("2019", "2019-09", "2019-12", "in its last four months"),
        "בערך 1850": "1850~",
        "כנראה 1990": "1990?",
        "לפני 1990": "[..1989]",
        "עד 1990": until("1990"),
        "אחרי 1945": "[1946..]",
        "מאז 1990": since("1990"),
        "מ-1985 עד 1990": between("1985", "1990"),
        "בין 1985 ל-1990": "[1985..1990]",
        "אביב 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "רבעון 1 2019": period("2019-01", "2019-03", "that quarter"),
        "המאה ה-19": period("1801", "1900", "the century"),
        "שנות ה-90": NO_CENTURY,
        "44 לפנה״ס": BEFORE_YEAR_ONE,
    },
    "Arabic": {
        "30 أغسطس 2011": "2011-08-30",
        "٣٠ أغسطس ٢٠١١": "2011-08-30",
        "30 من أغسطس 2011": "2011-08-30",
        "30 آب 2011": "2011-08-30",
        "كانون الثاني 2020": "2020-01",
        "تشرين الأول 2020": "2020-10",
        "جويلية 2020": "2020-07",
        "غشت 2020": "2020-08",
        "عام 2019": "2019",
        "أوائل 2019": part("2019", "2019-01", "2019-04", "in its first four months"),
        "منتصف مايو 2020": part(
            "2020-05", "2020-05-11", "2020-05-20", "on one of its middle ten days"
        ),
        "أواخر 2019": part("2019", "2019-09", "2019-12", "in its last four months"),
        "حوالي 1850": "1850~",
        "ربما 1990": "1990?",
        "قبل 1990": "[..1989]",
        "حتى 1990": until("1990"),
        "بعد 1945": "[1946..]",
        "منذ 1990": since("1990"),
        "من 1985 إلى 1990": between("1985", "1990"),
        "بين 1985 و1990": "[1985..1990]",
        "ربيع 2019": season("spring", "2019-03", "2019-05", "September to November"),
        "الربع الأول 2019": period("2019-01", "2019-03", "that quarter"),
        "القرن 19": period("1801", "1900", "the century"),
        "44 ق.م": BEFORE_YEAR_ONE,
    },
    "ranges of years": {
        "1957-61": (
            "There is no month 61. Write 1957/1961, or [1957..1961] if it happened at some "
            "time between."
        ),
        "1829-30": (
            "There is no month 30. Write 1829/1830, or [1829..1830] if it happened at some "
            "time between."
        ),
        "1872-1873": between("1872", "1873"),
        "1872–75": between("1872", "1875"),
        "1911–12": between("1911", "1912"),
        "1911-12": "Write 1911-12, or 1911/1912 if it is a range of years.",
        "2011/12": "Write 2011-12 if 12 is the month, or 2011/2012 if it is a range of years.",
        "2019/21": between("2019", "2021"),
        "2019/20": between("2019", "2020"),
        "1999-00": f"{ZEROS} Write 1999, or 1999/2000 if it is a range of years.",
        "1920-21": (
            "In EDTF, 21 to 24 are spring, summer, autumn and winter. In the southern "
            "hemisphere, spring is September to November. Write [1920-03..1920-05] if it "
            "happened in the northern spring, 1920-03/1920-05 if it lasted all of it, or "
            "1920/1921 if it is a range of years."
        ),
        "1914–1918": between("1914", "1918"),
        "1935–2025": between("1935", "2025"),
        "2009-2010 (sources differ)": (
            "A remark belongs in `date_note`. Write 2009/2010, or [2009..2010] if it happened "
            "at some time between."
        ),
        "2022/2021": (
            "It ends before it starts. Write 2021/2022 if the dates are in the wrong order."
        ),
        "2021..2022": (
            "Write 2021/2022 if it lasted from one to the other, or [2021..2022] if it "
            "happened at some time between."
        ),
        "2021/2022/2023": "An interval has one '/'. Write 2021-11/2022-07.",
    },
    "zeros": {
        "2024-00-00": f"{ZEROS} Write 2024.",
        "2024-05-00": f"{ZEROS} Write 2024-05.",
        "+2024-00-00T00:00:00Z": f"{CLOCK} Leave out an unknown month or day. Write 2024.",
        "2021-00": f"{ZEROS} Write 2021.",
        "2024-00-15": f"{ZEROS} Write 2024.",
        "00.05.2024": f"{ZEROS} Write 2024-05.",
        "00/00/2024": f"{ZEROS} Write 2024.",
        "0000-00-00": YEARS,
        "1900-01-00": f"{ZEROS} Write 1900-01.",
    },
    "years before 1000": {
        "300": "0300",
        "0044-03-15 BC": BEFORE_YEAR_ONE,
        "-0044": BEFORE_YEAR_ONE,
        "800 AD": "0800",
    },
    "numbers in other orders": {
        "3/4/2011": day_or_month("2011-04-03", "2011-03-04"),
        "29/10/2018": "2018-10-29",
        "10/29/2018": "2018-10-29",
        "3/3/2011": "2011-03-03",
        "3.4.2011": "2011-04-03",
        "3. 4. 2011": "2011-04-03",
        "11-10-2016": day_or_month("2016-10-11", "2016-11-10"),
        "2011/4/3": "2011-04-03",
        "2011-4-3": "2011-04-03",
        "20110403": "2011-04-03",
        "4/2011": "2011-04",
        "2011/04": "2011-04",
        "2021-30-11": "Months run from 01 to 12. Write 2021-11-30 if the day precedes the month.",
        "3/4/2011 - 5/4/2011": day_or_month("2011-04-03/2011-04-05", "2011-03-04/2011-05-04"),
        "25/3/2011 - 3/4/2011": "Write 2011-03-25/2011-04-03 if the day is first.",
        "2019-11-10/11": between("2019-11-10", "2019-11-11"),
        "2021-11-29/12-01": between("2021-11-29", "2021-12-01"),
        "2020-04/07": between("2020-04", "2020-07"),
        "1-3.5.2020": between("2020-05-01", "2020-05-03"),
        "20.04.-22.04.2020": between("2020-04-20", "2020-04-22"),
        "2011年8月30日": "2011-08-30",
        "1997,12,18": "1997-12-18",
        "2019-02-29": "The days of February 2019 run from 01 to 28.",
        "2019-13": "Months run from 01 to 12.",
        "2019-11-31": "The days of November 2019 run from 01 to 30.",
    },
    "Excel and databases": {
        "29/10/18": NO_CENTURY,
        "3-Nov-21": NO_CENTURY,
        "Nov-74": NO_CENTURY,
        "10-Apr": NO_YEAR,
        "Apr-10": NO_YEAR,
        "29/10/2018 0:00": f"{CLOCK} Write 2018-10-29.",
        "1/0/1900": f"{ZEROS} Write 1900-01.",
        "43402": SERIAL,
        "43402.5": SERIAL,
        "Oct 29, 2018 12:00 AM": f"{CLOCK} Write 2018-10-29.",
        "2024-03-27 23:24": f"{CLOCK} Write 2024-03-27.",
        "Jan 11 2012 CST": f"{CLOCK} Write 2012-01-11.",
        "20211103T100000Z": f"{CLOCK} Write 2021-11-03.",
        "1572393600": YEARS,
        "202111": YEARS,
        "10:30 am": NO_YEAR,
        "31 Dec 2019, 11 pm": f"{CLOCK} Write 2019-12-31.",
    },
    "EDTF that is not supported": {
        "2019-21": (
            "In EDTF, 21 to 24 are spring, summer, autumn and winter. In the southern "
            "hemisphere, spring is September to November. Write [2019-03..2019-05] if it "
            "happened in the northern spring, 2019-03/2019-05 if it lasted all of it, or "
            "2019/2021 if it is a range of years."
        ),
        "2019-24": (
            "In EDTF, 21 to 24 are spring, summer, autumn and winter. In the southern "
            "hemisphere, winter is June to August. Write [2018-12..2019-02] if it happened in "
            "the northern winter that ends in 2019, 2018-12/2019-02 if it lasted all of it, "
            "[2019-12..2020-02] if it happened in the northern winter that begins in 2019, "
            "2019-12/2020-02 if it lasted all of it, or 2019/2024 if it is a range of years."
        ),
        "2019-33": (
            "In EDTF, 33 to 36 are the quarters of a year. Write [2019-01..2019-03] if it "
            "happened in that quarter, 2019-01/2019-03 if it lasted all of it, or 2019/2033 "
            "if it is a range of years."
        ),
        "2019-26": (
            "There is no month 26. Write 2019/2026, or [2019..2026] if it happened at some "
            "time between."
        ),
        "2019-38": (
            "There is no month 38. Write 2019/2038, or [2019..2038] if it happened at some "
            "time between."
        ),
        "2099-21": (
            "In EDTF, 21 to 24 are spring, summer, autumn and winter. In the southern "
            "hemisphere, spring is September to November. Write [2099-03..2099-05] if it "
            "happened in the northern spring, or 2099-03/2099-05 if it lasted all of it."
        ),
        "2099-28": (
            "In EDTF, 25 to 32 are the seasons of the northern and southern hemisphere. Write "
            "[2098-12..2099-02] if it happened in the northern winter that ends in 2099, "
            "2098-12/2099-02 if it lasted all of it, [2099-12..2100-02] if it happened in the "
            "northern winter that begins in 2099, or 2099-12/2100-02 if it lasted all of it."
        ),
        "2099-29": (
            "In EDTF, 25 to 32 are the seasons of the northern and southern hemisphere. Write "
            "[2099-09..2099-11], or 2099-09/2099-11 if it lasted all of the southern spring."
        ),
        "2099-38": (
            "In EDTF, 37 to 39 are periods of four months. Write [2099-05..2099-08], or "
            "2099-05/2099-08 if it lasted all of those four months."
        ),
        "2099-41": (
            "In EDTF, 40 and 41 are the halves of a year. Write [2099-07..2099-12], or "
            "2099-07/2099-12 if it lasted all of that half."
        ),
        "[2021-05..2022]": "[2021-05..2022-12]",
        "202X": DIGITS + " " + period("2020", "2029", "the decade"),
        "20XX": DIGITS + " " + period("2000", "2099", "the century"),
        "2021-XX": f"{DIGITS} Write 2021.",
        "2021-11-XX": f"{DIGITS} Write 2021-11.",
        "198?": (
            "Write [1980..1989] if the last digit is unknown, 1980/1989 if it lasted all of "
            "the decade, or 0198? if it means the year 198."
        ),
        "2021?-11": "2021-11?",
        "?2021": "2021?",
        "2021??": "2021?",
        "[2021..2022-07]": "[2021-01..2022-07]",
        "[2021?..2022]": f"{SET_MARK} Write [2021..2022] if that is certain.",
        "[2021,2022]": "[2021..2022]",
        "{2021..2022}": (
            "Write 2021/2022 if it lasted from one to the other, or [2021..2022] if it "
            "happened at some time between."
        ),
        "[2022..2021]": (
            "It ends before it starts. Write [2021..2022] if the dates are in the wrong order."
        ),
        "[2021": "2021",
        "2021-W30": (
            "Weeks begin on Monday (ISO 8601). Write [2021-07-26..2021-08-01], or "
            "2021-07-26/2021-08-01 if it lasted all of the week."
        ),
        "2021-11-03T10:00:00+02:00": f"{CLOCK} Write 2021-11-03.",
        "Y12345": WORDS,
        "12021": SERIAL,
    },
    "nothing": {
        "": "It is empty. Write 2021, 2021-11 or 2021-11-03.",
        "   ": "It is empty. Write 2021, 2021-11 or 2021-11-03.",
        "?": EXAMPLES,
        "/": f"{NO_SIDE} {EXAMPLES}",
        "../..": f"{NO_SIDE} {EXAMPLES}",
        "[..]": f"{NO_SIDE} {EXAMPLES}",
        "!": EXAMPLES,
        "2021!": WORDS,
        "1 2 3 4 5": WORDS,
        "May June 2020": WORDS,
        "spring May 2019": WORDS,
        "early 3 May 2020": WORDS,
        "first quarter of May 2020": WORDS,
        "Q5 2019": WORDS,
        "winter 2018/21": WORDS,
        "after 1990 or 1991": WORDS,
        "between 1990": WORDS,
        "1990 1991": WORDS,
        "W99 2019": WORDS,
        "100th century": WORDS,
        "0000s": YEARS,
        "after 9999": YEARS,
        "before 0001": YEARS,
        "XXXX": "It states no date. Write a range that is certain, such as [2019..2021].",
    },
}
