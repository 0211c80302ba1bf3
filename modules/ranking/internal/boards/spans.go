package boards

import (
	"time"

	"38qa.net/backend/modules/site"
)

// Periods are the calendar periods around a moment in the community's time zone. Days begin at
// midnight there, and weeks on Monday.
type Periods struct {
	Today, Yesterday, Week, LastWeek, Month, LastMonth Span
}

// PeriodsAt returns the day, week and month that contain now, and the ones before them, in now's time
// zone.
func PeriodsAt(now time.Time) Periods {
	y, m, d := now.Date()
	midnight := func(y int, m time.Month, d int) int64 {
		return site.StartOfDay(y, m, d, now.Location()).Unix()
	}
	day := func(from, to int) Span { return Span{midnight(y, m, d+from), midnight(y, m, d+to)} }
	monday := -(int(now.Weekday()) + 6) % 7
	return Periods{
		Today: day(0, 1), Yesterday: day(-1, 0), Week: day(monday, monday+7), LastWeek: day(monday-7, monday),
		Month:     Span{midnight(y, m, 1), midnight(y, m+1, 1)},
		LastMonth: Span{midnight(y, m-1, 1), midnight(y, m, 1)},
	}
}
