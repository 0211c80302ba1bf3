package mail

import (
	"time"

	"38qa.net/backend/modules/site"
)

// digestDue returns the latest moment, not after now, at which digests are made: that hour of a day or, if
// they are weekly, of a Monday. On a day whose hour does not exist, because the clock is put forward, it is
// the hour before or after; where the hour comes twice, it is one of the two.
func digestDue(now time.Time, zone *time.Location, hour int, often frequency) time.Time {
	now = now.In(zone)
	y, month, d := now.Date()
	if often == weekly {
		d -= (int(now.Weekday()) + 6) % 7 // days since Monday
	}
	due := digestAt(y, month, d, hour, zone)
	if due.After(now) {
		return digestAt(y, month, d-daysOf(often), hour, zone)
	}
	return due
}

// digestBefore returns the moment at which the digests before those of a moment are made.
func digestBefore(due time.Time, zone *time.Location, hour int, often frequency) time.Time {
	y, month, d := due.In(zone).Date()
	return digestAt(y, month, d-daysOf(often), hour, zone)
}

// digestAt returns an hour of a day, which may be outside of the month, as for time.Date.
func digestAt(y int, month time.Month, d, hour int, zone *time.Location) time.Time {
	if hour == 0 {
		return site.StartOfDay(y, month, d, zone)
	}
	return time.Date(y, month, d, hour, 0, 0, 0, zone)
}

// daysOf returns how many days a digest is about.
func daysOf(often frequency) int {
	if often == weekly {
		return 7
	}
	return 1
}
