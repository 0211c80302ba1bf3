package site

import "time"

// StartOfDay is the first moment of a day in a zone, which is not midnight where the clock is put forward then. Days and months may be beyond
// their ends, as for time.Date.
func StartOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for noon := time.Date(y, m, d, 12, 0, 0, 0, zone); t.Day() != noon.Day(); {
		t = t.Add(15 * time.Minute)
	}
	return t
}
