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
	"38qa.net/backend/modules/site/option"
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
	if !o.Bool(option.DoCountQViews) || !client.IP.IsValid() || !probablyHuman(client.UserAgent) {
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
		changed, err := tx.Exec(ctx, `UPDATE {posts}
			SET views = views + ? - CASE WHEN lastviewip = ? THEN 1 ELSE 0 END, lastviewip = ?
			WHERE postid = ? AND (? > 1 OR lastviewip IS NULL OR lastviewip <> ?)`,
			n, first, last, id, n, first)
		if err != nil || changed == 0 || !o.Bool(option.RecalcHotnessQView) {
			return err
		}
		return m.updateHotness(ctx, tx, o, id)
	})
	if err != nil {
		return fmt.Errorf("count views: %w", err)
	}
	return nil
}
