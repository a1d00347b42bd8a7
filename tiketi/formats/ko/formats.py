"""Dates as Korean ticket sites write them, with the zone: day of the week, 24 hours; Django's own say "7:00 오후"."""

DATE_FORMAT = "Y년 n월 j일 (l)"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y년 n월 j일 (l) H:i T"
MONTH_DAY_FORMAT = "n월 j일"
SHORT_DATE_FORMAT = "Y. n. j."
SHORT_DATETIME_FORMAT = "Y. n. j. H:i T"
