"""The windows, in microseconds."""

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK, MONTH = 7 * DAY, 30 * DAY
