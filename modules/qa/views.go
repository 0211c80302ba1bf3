package qa

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// browserWords are the words by which Q2A recognises the user agents of people's browsers. It takes all
// other user agents for robots.
var browserWords = []string{
	"msie", "firefox", "chrome", "safari", "opera", "gecko", "midp", "playstation", "teleca", "blackberry",
	"up.browser", "polaris", "maui_wap_browser", "ipad", "iphone", "ipod",
}

func probablyHuman(userAgent string) bool {
	if userAgent == "" {
		return true // as Q2A does
	}
	userAgent = strings.ToLower(userAgent)
	for _, w := range browserWords {
		if strings.Contains(userAgent, w) {
			return true
		}
	}
	return false
}

// countView counts a view of a question as Q2A does. Only views of people count, not two in a row from
// the same address, and, once the question has any view, not those of its author. The question's
// hotness changes with its views if the site wants that (option recalc_hotness_q_view).
func (m *Module) countView(ctx context.Context, o *site.Options, q *post) error {
	client, caller := web.ClientOf(ctx), auth.CallerOf(ctx)
	if !o.Bool("do_count_q_views") || !client.IP.IsValid() || !probablyHuman(client.UserAgent) {
		return nil
	}
	ip := client.IP.AsSlice()
	own := bytes.Equal(q.createIP, ip) ||
		q.userID != 0 && q.userID == caller.UserID ||
		q.cookieID != "" && q.cookieID == caller.CookieID
	if q.views > 0 && own || bytes.Equal(q.lastViewIP, ip) {
		return nil
	}
	return m.views.add(ctx, q.id, ip)
}

// storeViews counts views of a question from these addresses, of which no two in a row are the same, as
// if Q2A had counted one after the other. The first view does not count if the question's last view
// came from the same address.
func (m *Module) storeViews(ctx context.Context, id int, addresses [][]byte) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	n, first, last := len(addresses), addresses[0], addresses[len(addresses)-1]
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		changed, err := tx.Exec(ctx, "UPDATE {posts} SET views = views + ? - CASE WHEN lastviewip = ? THEN 1 ELSE 0 END, lastviewip = ? "+
			"WHERE postid = ? AND (? > 1 OR lastviewip IS NULL OR lastviewip <> ?)", n, first, last, id,
			n, first)
		if err != nil || changed == 0 || !o.Bool("recalc_hotness_q_view") {
			return err
		}
		return m.updateHotness(ctx, tx, o, id)
	})
	if err != nil {
		return fmt.Errorf("count views: %w", err)
	}
	return nil
}

// hotnessStart is the time from which hotness counts seconds in Q2A: 2010-01-01 00:00 in the database's
// time zone.
const hotnessStart = "2010-01-01 00:00:00"

// updateHotness computes the hotness of a question again and stores it.
func (m *Module) updateHotness(ctx context.Context, tx *database.DB, o *site.Options, id int) error {
	hotness, err := hotnessOf(ctx, tx, o, id, 0)
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, "UPDATE {posts} SET hotness = ? WHERE postid = ?", hotness, id); err != nil {
		return fmt.Errorf("store hotness: %w", err)
	}
	return nil
}

// hotnessOf returns the hotness of a question, computed from the database, with votes added to its
// number of votes. It adds up the age of the question and of its newest visible answer, in seconds, and
// the numbers of answers, votes and views, each with the site's weight. As in Q2A, a vote and an answer
// count 160,000 s and a view 4,000 s. The result is rounded to the column's type FLOAT.
func hotnessOf(ctx context.Context, db *database.DB, o *site.Options, id, votes int) (float64, error) {
	seconds := func(column string) string {
		if db.Dialect() == database.SQLite {
			return "(UNIX_TIMESTAMP(" + column + ") - UNIX_TIMESTAMP('" + hotnessStart + "'))"
		}
		// This counts by the calendar. UNIX_TIMESTAMP would count an hour more or less with daylight
		// saving.
		return "TIMESTAMPDIFF(SECOND, '" + hotnessStart + "', " + column + ")"
	}
	var question, answer float64
	var answers, net, views int
	_, err := db.Get(ctx, []any{&question, &answer, &answers, &net, &views},
		"SELECT "+seconds("MAX(q.created)")+", "+seconds("COALESCE(MAX(a.created), MAX(q.created))")+
			", COUNT(a.postid), MAX(q.netvotes), MAX(q.views) "+
			"FROM {posts} q LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A' WHERE q.postid = ? GROUP BY q.postid", id)
	if err != nil {
		return 0, fmt.Errorf("compute hotness: %w", err)
	}
	weight := func(name string) float64 { return float64(o.Int("hot_weight_" + name)) }
	hotness := question*weight("q_age") + answer*weight("a_age") + float64(answers)*weight("answers")*160000 +
		float64(net+votes)*weight("votes")*160000 + float64(views)*weight("views")*4000
	return float64(float32(hotness)), nil
}
