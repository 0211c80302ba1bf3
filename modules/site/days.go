package site

import "time"

// StartOfDay returns the first moment of a day in a time zone. That is midnight unless the clock is
// put forward at midnight, so that the day begins later. Months and days may be outside their usual
// ranges, as for time.Date.
func StartOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for noon := time.Date(y, m, d, 12, 0, 0, 0, zone); t.Day() != noon.Day(); {
		t = t.Add(15 * time.Minute)
	}
	return t
}
