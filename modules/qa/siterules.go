package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Settings are the settings of the module; package config documents their meaning.
type Settings struct {
	// Ask, BestAnswer and Tags switch the rules for posting that plugins of the old site enforce in
	// its pages only.
	Ask, BestAnswer, Tags Switch
}

// Switch says whether a rule of one of the old site's plugins holds.
type Switch string

// The positions of a switch. With Auto the rule holds where the old site's plugin is on. The zero
// Switch is off.
const (
	Off  Switch = "off"
	On   Switch = "on"
	Auto Switch = "auto"
)

// The plugins that have the rules, by their folders on the old site.
const (
	askPlugin        = "q2a-ask-restriction"
	bestAnswerPlugin = "q2a-best-answer-restriction"
	tagsPlugin       = "q2a-tag-set-restriction"
)

// holds reports whether the rule of the plugin holds. The site's list of enabled plugins decides; where
// that is empty, own decides, which says whether the plugin's own option is on.
func (s Switch) holds(o *site.Options, plugin string, own bool) bool {
	switch s {
	case On:
		return true
	case Auto:
		if enabled := o.String(option.EnabledPlugins); enabled != "" {
			return slices.Contains(strings.Split(enabled, ";"), plugin)
		}
		return own
	}
	return false
}

// choiceIsFinal reports whether the caller can no more change the choice of the best answer, nor take it
// back. As in the plugin, the caller's general level counts, and not that in a category.
func (s Settings) choiceIsFinal(o *site.Options, c auth.Caller, question *post) bool {
	return question.selectedID != 0 && c.Level < auth.LevelAdmin && s.BestAnswer.holds(o, bestAnswerPlugin, false)
}

// tagsRestricted reports whether the caller may choose no tags of questions.
func (s Settings) tagsRestricted(o *site.Options, c auth.Caller) bool {
	own := o.Bool(option.Q2aTagSetRestrictionEnabled)
	return (c.Anonymous() || own && c.Level < auth.LevelSuper) && s.Tags.holds(o, tagsPlugin, own)
}

// asksRestricted reports whether the caller is one of those of whom the site demands something before
// they may ask. As in the plugin, that is every user, whatever the level, and no visitor.
func (s Settings) asksRestricted(o *site.Options, c auth.Caller) bool {
	return !c.Anonymous() && s.Ask.holds(o, askPlugin, o.Int(option.QaAskRestrictionDate) > 0)
}

// askDays returns how many days back answers have to have a comment.
func askDays(o *site.Options) int {
	if days := o.Int(option.QaAskRestrictionDate); days > 0 {
		return days
	}
	return 7
}

// asker is what the rule for asking looks at: the content of the caller's profile fields by their names,
// and the ids of the answers to the caller's questions that nobody has commented on.
type asker struct {
	fields  map[string]string
	answers []int
}

// answersNamed is the number of answers that a refusal names at most.
const answersNamed = 5

// mayAsk returns nil if the asker has done what the site demands, and otherwise the problem.
func (a asker) mayAsk(days int) *problem.Error {
	for _, name := range []string{"location", "about"} {
		if v := a.fields[name]; v == "" || v == "0" { // which PHP takes for empty
			return problem.New(codeProfileIncomplete)
		}
	}
	if len(a.answers) == 0 {
		return nil
	}
	var ids []string
	for _, id := range a.answers[:min(len(a.answers), answersNamed)] {
		ids = append(ids, strconv.Itoa(id))
	}
	if len(a.answers) > len(ids) {
		ids = append(ids, "…")
	}
	return problem.New(codeAnswersUncommented, days, strings.Join(ids, ", "))
}

// readAsker reads what the rule for asking looks at. As in the plugin, a field counts if the site has it,
// and an answer counts as commented on if anything stands below it, hidden or not.
func readAsker(ctx context.Context, db *database.DB, userID, days int) (asker, error) {
	a := asker{fields: map[string]string{}}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var name, content string
		if err := rows.Scan(&name, &content); err != nil {
			return err
		}
		a.fields[name] = content
		return nil
	}, `SELECT p.title, p.content
		FROM {userprofile} p
		JOIN {userfields} f ON f.title = p.title
		WHERE p.userid = ? AND p.title IN ('location', 'about')`, userID)
	if err != nil {
		return a, fmt.Errorf("read what one has to fill in before asking: %w", err)
	}
	err = db.Select(ctx, database.Append(&a.answers), `SELECT a.postid
		FROM {posts} q
		JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A'
		LEFT JOIN {posts} c ON c.parentid = a.postid
		WHERE q.userid = ? AND q.type = 'Q' AND a.created > FROM_UNIXTIME(?) AND c.postid IS NULL
		ORDER BY a.postid
		LIMIT ?`, userID, db.Now()-int64(days)*24*60*60, answersNamed+1)
	if err != nil {
		return a, fmt.Errorf("read the answers without comments: %w", err)
	}
	return a, nil
}

// mayAsk returns the problem if the site demands something of the caller before the next question.
func (m *Module) mayAsk(ctx context.Context, db *database.DB, o *site.Options, c auth.Caller) error {
	if !m.settings.asksRestricted(o, c) {
		return nil
	}
	a, err := readAsker(ctx, db, c.UserID, askDays(o))
	if err != nil {
		return err
	}
	if p := a.mayAsk(askDays(o)); p != nil {
		return p
	}
	return nil
}

// Cannot returns why the caller may not do what belongs to no single post, by the rules of the site that
// are no permissions. It asks the database only where there is a rule for asking.
func (m *Module) Cannot(ctx context.Context, o *site.Options, c auth.Caller) (*auth.Restrictions, error) {
	var why auth.Restrictions
	if m.settings.tagsRestricted(o, c) {
		why.Tag = codeTagsRestricted.String()
	}
	if m.settings.asksRestricted(o, c) {
		a, err := readAsker(ctx, m.db, c.UserID, askDays(o))
		if err != nil {
			return nil, err
		}
		if p := a.mayAsk(askDays(o)); p != nil {
			why.Ask = p.Code.String()
		}
	}
	if why == (auth.Restrictions{}) {
		return nil, nil //nolint:nilnil // nothing stands in the way
	}
	return &why, nil
}
