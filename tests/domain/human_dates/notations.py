"""Dates in numbers and signs, with the advice that they get."""

from tests.domain.human_dates.wording import (
    BEFORE_YEAR_ONE,
    CLOCK,
    DIGITS,
    EXAMPLES,
    NO_CENTURY,
    NO_SIDE,
    NO_YEAR,
    SERIAL,
    SET_MARK,
    WORDS,
    YEARS,
    ZEROS,
    between,
    day_or_month,
    period,
)

# kind of date: what people write: the advice
NOTATIONS: dict[str, dict[str, str]] = {
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
        "2018-11-?": f"{ZEROS} Write 2018-11.",
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
