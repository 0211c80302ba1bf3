package mail

import (
	"testing"
	"time"
)

// TestWhenDigestsAreDue checks at which moments digests are made, also on days on which the clock is changed.
func TestWhenDigestsAreDue(t *testing.T) {
	t.Parallel()
	const tokyo, newYork, beirut, kathmandu = "Asia/Tokyo", "America/New_York", "Asia/Beirut", "Asia/Kathmandu"
	for name, c := range map[string]struct {
		now, zone string
		hour      int
		often     frequency
		want      string // in UTC; the one before follows
		before    string
	}{
		"at the hour":            {"2026-11-29T23:00:00Z", tokyo, 8, daily, "2026-11-29T23:00:00Z", "2026-11-28T23:00:00Z"},
		"a second before":        {"2026-11-29T22:59:59Z", tokyo, 8, daily, "2026-11-28T23:00:00Z", "2026-11-27T23:00:00Z"},
		"in the evening":         {"2026-11-30T12:00:00Z", tokyo, 8, daily, "2026-11-29T23:00:00Z", "2026-11-28T23:00:00Z"},
		"no full hour from UTC":  {"2026-11-30T12:00:00Z", kathmandu, 8, daily, "2026-11-30T02:15:00Z", "2026-11-29T02:15:00Z"},
		"a new year":             {"2027-01-01T00:00:00Z", "UTC", 8, daily, "2026-12-31T08:00:00Z", "2026-12-30T08:00:00Z"},
		"a Monday, weekly":       {"2026-11-29T23:00:00Z", tokyo, 8, weekly, "2026-11-29T23:00:00Z", "2026-11-22T23:00:00Z"},
		"a Monday's small hours": {"2026-11-29T22:00:00Z", tokyo, 8, weekly, "2026-11-22T23:00:00Z", "2026-11-15T23:00:00Z"},
		"a Sunday, weekly":       {"2026-11-29T12:00:00Z", tokyo, 8, weekly, "2026-11-22T23:00:00Z", "2026-11-15T23:00:00Z"},
		"a Tuesday, weekly":      {"2026-12-01T12:00:00Z", tokyo, 8, weekly, "2026-11-29T23:00:00Z", "2026-11-22T23:00:00Z"},
		// In New York, clocks go from 2 to 3 on 8 March 2026, and from 2 to 1 on 1 November.
		"a day of 23 hours":        {"2026-03-08T12:00:00Z", newYork, 8, daily, "2026-03-08T12:00:00Z", "2026-03-07T13:00:00Z"},
		"before a day of 23 hours": {"2026-03-08T11:59:59Z", newYork, 8, daily, "2026-03-07T13:00:00Z", "2026-03-06T13:00:00Z"},
		"a day of 25 hours":        {"2026-11-01T13:00:00Z", newYork, 8, daily, "2026-11-01T13:00:00Z", "2026-10-31T12:00:00Z"},
		"a week of 25 hours more":  {"2026-11-02T13:00:00Z", newYork, 8, weekly, "2026-11-02T13:00:00Z", "2026-10-26T12:00:00Z"},
		"an hour that is left out": {"2026-03-08T15:00:00Z", newYork, 2, daily, "2026-03-08T06:00:00Z", "2026-03-07T07:00:00Z"},
		"the day after":            {"2026-03-09T06:00:00Z", newYork, 2, daily, "2026-03-09T06:00:00Z", "2026-03-08T06:00:00Z"},
		"an hour that comes twice": {"2026-11-01T06:30:00Z", newYork, 1, daily, "2026-11-01T05:00:00Z", "2026-10-31T05:00:00Z"},
		// In Beirut, clocks go from 0 to 1 on 29 March 2026.
		"a midnight that is left out": {"2026-03-29T12:00:00Z", beirut, 0, daily, "2026-03-28T22:00:00Z", "2026-03-27T22:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			due := digestDue(now, zone, c.hour, c.often)
			before := digestBefore(due, zone, c.hour, c.often)
			if got := due.UTC().Format(time.RFC3339); got != c.want {
				t.Errorf("due %s, expected %s", got, c.want)
			}
			if got := before.UTC().Format(time.RFC3339); got != c.before {
				t.Errorf("before %s, expected %s", got, c.before)
			}
		})
	}
}

// TestEachDayHasOneDigest goes through two years in steps of an hour, in zones whose clocks are changed, and
// checks that each day has one digest and each week one of its own, whatever the hour, and that the times that
// they are about follow each other without a gap.
func TestEachDayHasOneDigest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Tokyo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, hour := range []int{0, 1, 2, 3, 8, 23} {
			for often, want := range map[frequency]int{daily: 730, weekly: 104} {
				start := time.Date(2026, 1, 1, 12, 0, 0, 0, zone)
				last := digestDue(start, zone, hour, often)
				made := 0
				for now := start; now.Before(start.AddDate(2, 0, 0)); now = now.Add(time.Hour) {
					due := digestDue(now, zone, hour, often)
					if due.Equal(last) {
						continue
					}
					made++
					if before := digestBefore(due, zone, hour, often); !before.Equal(last) {
						t.Fatalf("%s at %d: the digest of %s begins at %s, and the one before ends at %s", name, hour, due, before, last)
					}
					last = due
				}
				if made < want || made > want+1 {
					t.Errorf("%s at %d: %d %s digests in two years", name, hour, made, often)
				}
			}
		}
	}
}
