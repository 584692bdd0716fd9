"""The words that people write in dates, in nine languages.

The names of months and weekdays are those of Unicode's CLDR, which the library Babel contains.
"""

LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "ru", "he", "ar")
REGIONS = ("en_GB", "de_AT", "es_PE", "ar_SY", "ar_DZ", "ar_MA", "ar_MR")
"""Where months have other names than in the rest of the language, such as `Jänner` in Austria."""

# The meanings that have a number: the seasons and the parts of a period in their order.
SPRING, SUMMER, AUTUMN, WINTER = range(1, 5)
EARLY, MID, LATE = range(1, 4)

# The words of each meaning: one line for each of `LANGUAGES`, `-` if there are none. A text is
# compared without case, accents, dots, hyphens and apostrophes. The longest words win: `vor Chr.`
# is not `vor`.
WORDS: dict[tuple[str, int], str] = {
    ("about", 0): """
        about, around, approximately, approx, circa, c, ca, roughly, estimated
        etwa, circa, zirka, ca, ungefähr, um, gegen, rund
        vers, environ, env, autour de
        hacia, alrededor de, aproximadamente, aprox, cerca de
        circa, verso, intorno al, attorno al
        około, ok, mniej więcej
        около, ок, примерно, приблизительно
        בערך, בקירוב, לערך, בסביבות
        حوالي, نحو, تقريبا, قرابة
    """,
    ("uncertain", 0): """
        probably, perhaps, possibly, maybe, likely, presumably
        vermutlich, wahrscheinlich, vielleicht, möglicherweise, wohl
        probablement, peut-être, sans doute
        probablemente, quizá, quizás, posiblemente, tal vez
        probabilmente, forse
        prawdopodobnie, być może, chyba
        вероятно, возможно, предположительно
        כנראה, אולי
        ربما, على الأرجح, محتمل
    """,
    ("before", 0): """
        before, prior to, earlier than
        vor
        avant
        antes de, antes del
        prima del, prima di
        przed
        перед, раньше
        לפני
        قبل
    """,
    ("by", 0): """
        by, no later than, not later than, at the latest, or before, or earlier, not after
        spätestens, oder früher
        au plus tard
        a más tardar, o antes
        entro, entro il, al più tardi
        najpóźniej, nie później niż
        не позднее, не позже
        לכל המאוחר
        في موعد أقصاه
    """,
    ("until", 0): """
        until, till, up to
        bis, bis zum
        jusqu'en, jusqu'à, jusqu'au, jusque
        hasta, hasta el
        fino al, fino a
        do
        до, по
        עד
        حتى
    """,
    ("after", 0): """
        after, later than
        nach
        après
        después de, después del
        dopo, dopo il
        po
        после
        אחרי, לאחר
        بعد
    """,
    ("from", 0): """
        no earlier than, not earlier than, not before, at the earliest, or after, or later
        frühestens, oder später
        au plus tôt
        como pronto, o después
        al più presto, non prima del
        najwcześniej, nie wcześniej niż
        не ранее, не раньше
        לכל המוקדם
        ليس قبل
    """,
    ("since", 0): """
        since, from, starting, as of, onwards, onward
        seit, ab, von, vom
        depuis, à partir de
        desde, desde el, a partir de
        dal, da, dall
        od
        с, со, начиная с
        מאז, החל מ, מ
        منذ, من
    """,
    ("to", 0): """
        to, through, thru
        -
        -
        -
        -
        -
        -
        -
        إلى
    """,
    # "To" between two dates, and without a meaning elsewhere.
    ("at", 0): """
        -
        -
        à, a, au
        a, al
        a, al
        a
        -
        ל
        -
    """,
    ("between", 0): """
        between
        zwischen
        entre
        entre
        tra, fra
        między, pomiędzy
        между
        בין
        بين
    """,
    ("and", 0): """
        and
        und
        et
        y
        e
        oraz
        и
        ו
        و
    """,
    ("or", 0): """
        or
        oder
        ou
        o, u
        oppure
        lub, albo
        или
        או
        أو
    """,
    ("open", 0): """
        present, the present, today, now, ongoing
        heute, jetzt
        aujourd'hui, présent, nos jours
        hoy, presente, actualidad, la actualidad
        oggi, presente
        dziś, dzisiaj, teraz
        настоящее время, сегодня, н. в.
        היום, כיום
        الآن, اليوم
    """,
    ("part", EARLY): """
        early, beginning of, start of
        anfang, beginn, frühe, früher, früh
        début, début de, commencement
        principios, comienzos, inicios, principios de
        inizio, inizi
        początek, początku
        начало, начале
        תחילת, בתחילת, ראשית
        أوائل, بداية, مطلع
    """,
    ("part", MID): """
        mid, middle of, middle
        mitte
        mi, milieu
        mediados, mediados de
        metà
        połowa, połowie, połowy
        середина, середине
        אמצע, באמצע
        منتصف, أواسط
    """,
    ("part", LATE): """
        late, end of, end
        ende, spät, späte, später
        fin, fin de
        finales, fines, finales de
        fine
        koniec, końcu, końca
        конец, конце
        סוף, בסוף
        أواخر, نهاية
    """,
    ("season", SPRING): """
        spring, springtime
        frühling, frühjahr
        printemps
        primavera
        primavera
        wiosna, wiosną, wiosny
        весна, весной, весны
        אביב
        ربيع
    """,
    ("season", SUMMER): """
        summer
        sommer
        été
        verano
        estate
        lato, latem
        лето, летом, лета
        קיץ
        صيف
    """,
    ("season", AUTUMN): """
        autumn, fall
        herbst
        automne
        otoño
        autunno
        jesień, jesienią, jesieni
        осень, осенью, осени
        סתיו
        خريف
    """,
    ("season", WINTER): """
        winter
        winter
        hiver
        invierno
        inverno
        zima, zimą, zimy
        зима, зимой, зимы
        חורף
        شتاء
    """,
    ("quarter", 0): """
        quarter, q
        quartal, quartals
        trimestre, t
        trimestre
        trimestre
        kwartał, kwartale, kw
        квартал, квартале, кв
        רבעון
        الربع, ربع
    """,
    ("half", 0): """
        half, half of, h
        halbjahr, hälfte, hj
        semestre, moitié, s
        semestre, mitad
        semestre
        półrocze, półroczu
        полугодие, полугодии, половина, половине
        מחצית
        النصف, نصف
    """,
    ("century", 0): """
        century, cent
        jahrhundert, jahrhunderts, jh, jhd, jhdt
        siècle
        siglo
        secolo
        wiek, wieku
        век, века, веке
        מאה
        القرن, قرن
    """,
    ("decade", 0): """
        decade
        jahrzehnt, jahre, jahren
        décennie, années
        década, años
        decennio, anni
        dekada, lata, lat, latach
        десятилетие, годы, годов, годах
        עשור, שנות
        عقد, سنوات
    """,
    ("week", 0): """
        week, wk
        woche, kalenderwoche
        semaine
        semana
        settimana
        tydzień, tygodniu
        неделя, неделе
        שבוע
        أسبوع
    """,
    ("ordinal", 1): """
        first
        erste, ersten, erster, erstes
        premier, première
        primer, primero, primera
        primo, prima
        pierwszy, pierwsza, pierwsze, pierwszej, pierwszym, pierwszego
        первый, первая, первое, первой, первом, первого
        ראשון, ראשונה, הראשון, הראשונה
        الأول, الأولى
    """,
    ("ordinal", 2): """
        second
        zweite, zweiten, zweiter, zweites
        deuxième, second, seconde
        segundo, segunda
        secondo, seconda
        drugi, druga, drugie, drugiej, drugim, drugiego
        второй, вторая, второе, втором, второго
        שני, שנייה, השני, השנייה
        الثاني, الثانية
    """,
    ("ordinal", 3): """
        third
        dritte, dritten, dritter, drittes
        troisième
        tercer, tercero, tercera
        terzo, terza
        trzeci, trzecia, trzecie, trzeciej, trzecim, trzeciego
        третий, третья, третье, третьем, третьего
        שלישי, שלישית, השלישי, השלישית
        الثالث, الثالثة
    """,
    ("ordinal", 4): """
        fourth
        vierte, vierten, vierter, viertes
        quatrième
        cuarto, cuarta
        quarto, quarta
        czwarty, czwarta, czwarte, czwartej, czwartym, czwartego
        четвёртый, четвертый, четвёртом, четвертом, четвёртого
        רביעי, רביעית, הרביעי, הרביעית
        الرابع, الرابعة
    """,
    ("bc", 0): """
        bc, bce, b.c., b.c.e., before christ
        v. chr., vor chr., vor christus, v. u. z., vor unserer zeitrechnung
        av. j.-c., avant j.-c., avant jésus-christ, av. n. è., avant notre ère
        a. c., a. de c., antes de cristo, a. n. e.
        a. c., avanti cristo
        p.n.e., przed naszą erą, przed chr., przed chrystusem
        до н. э., до нашей эры, до р. х.
        לפנה״ס, לפני הספירה
        ق.م, قبل الميلاد
    """,
    ("ad", 0): """
        ad, ce, a.d., c.e., anno domini
        n. chr., nach chr., nach christus, u. z.
        ap. j.-c., après j.-c., après jésus-christ
        d. c., después de cristo
        d. c., dopo cristo
        n.e., naszej ery, po chr.
        н. э., нашей эры
        לספירה
        م, ميلادي, ميلادية, الميلادي
    """,
    ("undated", 0): """
        unknown, undated, n.d., no date, tbd
        unbekannt, undatiert, o. j., o. d.
        inconnu, inconnue, sans date
        desconocido, desconocida, sin fecha
        sconosciuto, sconosciuta, senza data
        nieznany, nieznana, b.d.
        неизвестно, без даты
        לא ידוע
        غير معروف
    """,
    # Times of day and their zones.
    ("clock", 0): """
        pm, a.m., p.m., z, utc, gmt, est, edt, cst, cdt, pst, pdt, o'clock
        uhr, mez, mesz
        heures
        horas
        ore
        godz, godzina
        час, часов, мск
        שעה
        الساعة
    """,
    # Words that change nothing.
    ("filler", 0): """
        the, of, in, on, at, year, month, date, dated, some time, sometime
        der, die, das, den, dem, des, im, am, in, in den, jahr, jahres, monat, monats
        le, la, les, l, de, du, des, d, en, année, an, mois
        de, del, el, la, los, las, en, año, mes, día
        il, lo, la, gli, l, di, del, dell, dello, della, degli, nel, nell, negli, anno, mese
        w, we, na, pod, r, roku, rok, dnia
        в, во, г, гг, год, года, году
        ב, ה, של, שנת, בשנת, השנה, חודש
        في, عام, سنة, شهر, العام, يوم
    """,
}

OTHER_MONTHS = {
    1: "stycz",
    2: "Febr, Feber, fév, фев",
    3: "מרס, מארס",
    4: "kwiet",
    6: "czerw, يونيه",
    7: "يوليه",
    8: "sierp",
    9: "сен, wrzes",
    10: "pazdz",
    11: "ноя, listop",
    12: "grudz",
}
"""Names of months that are in use, but not in CLDR."""
ORDINAL_SUFFIXES = frozenset(
    ("st", "nd", "rd", "th", "er", "ere", "re", "e", "eme", "o", "a", "го", "ого", "й", "м", "я")
)
DECADE_SUFFIXES = frozenset(("s", "er", "ers", "ern", "е", "х", "ых"))
