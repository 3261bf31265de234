"""`Nov 28, 2026, 06:00:00`, with the hours that machines have."""

DATE_FORMAT = SHORT_DATE_FORMAT = "M j, Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "M j, Y, H:i:s"
SHORT_DATETIME_FORMAT = "M j, Y, H:i"
MONTH_DAY_FORMAT = "M j"
