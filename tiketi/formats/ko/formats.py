"""Dates as Korean ticket sites write them: the day of the week, and 24 hours; Django's own say "7:00 오후"."""

DATE_FORMAT = "Y년 n월 j일 (l)"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y년 n월 j일 (l) H:i"
MONTH_DAY_FORMAT = "n월 j일"
SHORT_DATE_FORMAT = "Y. n. j."
SHORT_DATETIME_FORMAT = "Y. n. j. H:i"
