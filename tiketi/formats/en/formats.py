"""Dates with their weekday, and the same clock as in Korean, with its zone: doors open at 18:00, not at 6 p.m."""

DATE_FORMAT = "D, M j, Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D, M j, Y, H:i T"
SHORT_DATETIME_FORMAT = "Y-m-d H:i T"
