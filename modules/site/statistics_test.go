package site

import (
	"reflect"
	"testing"
	"time"
)

func zoned(t *testing.T, name, at string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// TestWindows checks the past days, weeks from Monday, and months in the community's time zone, also where
// the end of daylight saving time makes a day of 25 hours.
func TestWindows(t *testing.T) {
	since, now := zoned(t, "Europe/Berlin", "2026-10-23 08:00"), zoned(t, "Europe/Berlin", "2026-11-03 00:00")
	var got []string
	var hours float64
	for _, w := range windows(since, now) {
		got = append(got, w.period+" "+w.from.Format(dayForm))
		if w.period == "day" && w.from.Day() == 25 {
			hours = w.to.Sub(w.from).Hours()
		}
	}
	want := []string{"month 2026-10-01", "week 2026-10-19", "week 2026-10-26", "day 2026-10-23",
		"day 2026-10-24", "day 2026-10-25", "day 2026-10-26", "day 2026-10-27", "day 2026-10-28",
		"day 2026-10-29", "day 2026-10-30", "day 2026-10-31", "day 2026-11-01", "day 2026-11-02"}
	if !reflect.DeepEqual(got, want) || hours != 25 {
		t.Errorf("windows %q; the 25th has %v hours", got, hours)
	}
	if days := windows(now.AddDate(-3, 0, 0), now); len(days) != 36+157+daysKept-1 {
		t.Errorf("%d windows of three years", len(days))
	}
}

// TestDayWithoutMidnight checks a day without a midnight: in São Paulo the clocks were put forward at 0:00 on
// 4 November 2018. That day begins at 1:00, and leaves no gap to the days around it.
func TestDayWithoutMidnight(t *testing.T) {
	since, now := zoned(t, "America/Sao_Paulo", "2018-11-03 08:00"),
		zoned(t, "America/Sao_Paulo", "2018-11-06 12:00")
	var got []string
	last := time.Time{}
	for _, w := range windows(since, now) {
		if w.period != "day" {
			continue
		}
		got = append(got, w.from.Format("2006-01-02 15:04"))
		if !last.IsZero() && !last.Equal(w.from) {
			t.Errorf("%s begins after a gap", w.from)
		}
		last = w.to
	}
	if want := []string{
		"2018-11-03 00:00", "2018-11-04 01:00", "2018-11-05 00:00",
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("days %q, want %q", got, want)
	}
}

// TestDaysBefore checks that months are counted back as MySQL does.
func TestDaysBefore(t *testing.T) {
	now := zoned(t, "Asia/Tokyo", "2027-03-31 15:00")
	for _, c := range []struct {
		months, days int
		want         string
	}{{0, 0, "2027-03-31"}, {-1, 0, "2027-02-28"}, {-6, 0, "2026-09-30"}, {-12, 0, "2026-03-31"}, {0, -7, "2027-03-24"}, {0, -35, "2027-02-24"}} {
		if got := daysBefore(now, c.months, c.days).Format("2006-01-02 15:04"); got != c.want+" 00:00" {
			t.Errorf("%d months and %d days: %s, want %s", c.months, c.days, got, c.want)
		}
	}
}

// TestCohorts checks how many users began in a span, and in which later spans they were active again, each
// user counted once in each.
func TestCohorts(t *testing.T) {
	spans := []span{{30, 40}, {20, 30}, {10, 20}}
	began := map[int]int64{1: 10, 2: 19, 3: 20, 4: 35, 5: 5, 6: 40}
	did := map[int][]int64{1: {10, 12, 25, 39}, 2: {40}, 3: {29, 29, 30}, 4: {35}, 5: {15}}
	want := []cohort{
		{ago: 2, size: 2, back: []int{1, 1}}, {ago: 1, size: 1, back: []int{1}},
		{ago: 0, size: 1, back: []int{}},
	}
	if got := cohorts(spans, began, did); !reflect.DeepEqual(got, want) {
		t.Errorf("cohorts %+v, want %+v", got, want)
	}
}

// TestFiguresAsText checks how figures stand in the mail: rates in per cent, and nothing where nothing is
// known.
func TestFiguresAsText(t *testing.T) {
	t.Parallel()
	half, many := 0.5, 2.25
	i := &indicators{Counts: Counts{Questions: 4, Messages: 7}, AnswersPerQuestion: &many, Within1hRate: &half}
	got := map[string]string{}
	for _, f := range i.list() {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{"questions": "4", "privateMessages": "7", "answersPerQuestion": "2.2",
		"answeredWithin1hRate": "50.0", "bestAnswerRate": ""} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %q, expected %q", name, value, want)
		}
	}
}
