package auth

import (
	"38qa.net/backend/modules/kernel/jobs"
)

// cookieSeconds is how long the row of an anonymous visitor's cookie is of use. Browsers drop the
// cookie a year after the visitor's last post; one more day allows for clocks that differ.
const cookieSeconds = 366 * 24 * hour

// CleanUpJob returns the job that removes rows which are no longer needed: cookies that browsers have
// dropped, counts of past hours, locks without an attempt for a day, and expired sessions and tickets. Q2A keeps
// such cookies and counts for ever.
func (m *Module) CleanUpJob() jobs.Job {
	// A transaction may still be counting in the previous hour.
	past := func() int64 { return m.db.Now()/hour - 1 }
	forgotten := func() int64 { return m.db.Now() - failuresLast }
	return jobs.Job{
		Name:     "clean-up",
		Summary:  "removes cookies of visitors who have not been here for a year, counts of past hours, and sessions, tickets and API tokens that have expired",
		Schedule: "25 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "limits of users", Batch: jobs.Clear(m.db, "{userlimits}", "userid", "period < ?", past)},
			{Name: "limits of addresses", Batch: jobs.Clear(m.db, "{iplimits}", "ip", "period < ?", past)},
			{Name: "attempts", Batch: jobs.Clear(m.db, "{q2ab_attempts}", "id", "period < ?", past)},
			{Name: "locks", Batch: jobs.Clear(m.db, "{q2ab_locks}", "id", "last < ?", forgotten)},
			{Name: "sessions", Batch: jobs.Clear(m.db, "{q2ab_sessions}", "id", "expires <= ?", m.db.Now)},
			{Name: "API tokens", Batch: jobs.Clear(m.db, "{q2ab_api_tokens}", "id", "expires <= ?", m.db.Now)},
			{Name: "tickets", Batch: jobs.Clear(m.db, "{q2ab_tickets}", "id", "expires <= ?", m.db.Now)},
			{Name: "cookies", Batch: jobs.Clear(m.db, "{cookies}", "cookieid",
				"COALESCE(written, created) < FROM_UNIXTIME(?)",
				func() int64 { return m.db.Now() - cookieSeconds })},
		},
	}
}
