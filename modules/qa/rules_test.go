package qa

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
)

// These are the users, the posts and the cookie in the tables of rules.
const (
	theAuthor, theCaller, somebody = 6, 17, 3

	thePost, theQuestion, otherPost = 40, 30, 50

	theCookie = "11324905831065051617"
)

// world is what the rules look at. In the world that a row of a table begins with, everybody may do
// everything: all features are switched on, and no permission asks for more than a caller who is not
// blocked. So each row takes one thing away.
type world struct {
	settings Settings
	options  map[string]string
	caller   auth.Caller
	post     post
	around   thread
}

// everythingAllowed are the options of a site on which everybody may do everything.
var everythingAllowed = map[string]string{
	"permit_post_q": "150", "permit_post_a": "150", "permit_post_c": "150",
	"permit_edit_q": "150", "permit_edit_a": "150", "permit_edit_c": "150", "permit_retag_cat": "150",
	"permit_vote_q": "150", "permit_vote_a": "150", "permit_vote_down": "150", "permit_flag": "150",
	"permit_select_a": "150", "permit_close_q": "150", "permit_hide_show": "150",
	"permit_moderate": "150", "permit_delete_hidden": "150", "permit_edit_silent": "150",
	"voting_on_qs": "1", "voting_on_as": "1", "voting_on_cs": "1", "flagging_of_posts": "1",
	"comment_on_qs": "1", "comment_on_as": "1", "follow_on_as": "1", "tags_or_categories": "tc",
	"allow_self_answer": "1", "allow_multi_answers": "1",
	"allow_close_questions": "1", "allow_close_own_questions": "1", "do_close_on_select": "0",
	"flagging_hide_after": "3", "block_ips_write": "",
}

// different changes one thing in the world that a row begins with.
type different func(w *world)

func with(option, value string) different { return func(w *world) { w.options[option] = value } }

// closedTo gives permissions to super administrators only.
func closedTo(options ...string) different {
	return func(w *world) {
		for _, o := range options {
			w.options[o] = "0"
		}
	}
}

func switchedOff(option string) different { return with(option, "0") }

func by(f func(c *auth.Caller)) different { return func(w *world) { f(&w.caller) } }

func on(f func(p *post)) different { return func(w *world) { f(&w.post) } }

var (
	visitor = by(func(c *auth.Caller) { *c = auth.Caller{} })
	blocked = by(func(c *auth.Caller) { c.Flags |= auth.FlagBlocked })
	// unconfirmed makes the caller a member whose e-mail address is not confirmed, on a site that requires
	// it.
	unconfirmed = func(w *world) {
		w.options["confirm_user_emails"], w.caller.Flags, w.caller.Level = "1", 0, auth.LevelBasic
	}
	// itself makes the caller the author of the post.
	itself = by(func(c *auth.Caller) { c.UserID = theAuthor })
	// The posts of visitors have a cookie in place of an author.
	ofAVisitor   = on(func(p *post) { p.userID, p.cookieID = 0, theCookie })
	ofNobody     = on(func(p *post) { p.userID, p.cookieID = 0, "" })
	sameBrowser  = by(func(c *auth.Caller) { c.CookieID = theCookie })
	otherBrowser = by(func(c *auth.Caller) { c.CookieID = "1" })

	// mutesMe makes the author of the post somebody who has muted the caller.
	mutesMe = on(func(p *post) { p.mutedMe = true })

	hidden = on(func(p *post) { p.hidden = true })
	// queuedNow is not called queued, because that is the name of a reason.
	queuedNow   = on(func(p *post) { p.queued = true })
	flagged     = on(func(p *post) { p.flags = 1 })
	myFlag      = on(func(p *post) { p.myFlag, p.flags = 1, 1 })
	twoFlags    = on(func(p *post) { p.myFlag, p.flags = 1, 2 })
	lastByOther = on(func(p *post) { p.lastUserID = somebody })
	lastBySelf  = on(func(p *post) { p.lastUserID = theAuthor })

	closedNow = on(func(p *post) { p.closedByID = otherPost })
	selected  = on(func(p *post) { p.selectedID = otherPost })
)

// answered adds an answer by the user to the question, which is the post itself or its parent.
func answered(by int) different {
	return func(w *world) {
		parent := w.post.id
		if w.post.kind == "A" {
			parent = w.post.parentID
		}
		w.around.answers = append(w.around.answers, &post{
			id: otherPost, kind: "A", parentID: parent, userID: by,
		})
	}
}

// commented adds a comment by the user on the post with the id on.
func commented(by, on int) different {
	return func(w *world) {
		w.around.comments = append(w.around.comments, &post{
			id: otherPost, kind: "C", parentID: on, userID: by,
		})
	}
}

// duplicated closes another question as a duplicate of the question with the id of.
func duplicated(of int) different {
	return func(w *world) {
		w.around.duplicates = append(w.around.duplicates, &post{id: otherPost, kind: "Q", closedByID: of})
	}
}

// askedBy makes the user the author of the question to which the post belongs.
func askedBy(user int) different {
	return func(w *world) { w.around.question = &post{id: theQuestion, kind: "Q", userID: user} }
}

// newWorld returns the world with one post of the kind and a caller who is not its author, after the
// changes.
func newWorld(kind Kind, changes ...different) *world {
	w := &world{
		options: maps.Clone(everythingAllowed),
		caller:  auth.Caller{UserID: theCaller, Level: auth.LevelApproved, Flags: auth.FlagEmailConfirmed},
		post:    post{id: thePost, kind: kind, userID: theAuthor, categoryID: 3, categoryPath: []int{2, 3}},
	}
	if kind != "Q" {
		w.post.parentID = theQuestion
	}
	for _, change := range changes {
		change(w)
	}
	return w
}

func (w *world) rules() rules {
	return (&Module{settings: w.settings}).permissions(site.NewOptions(w.options), w.caller, w.around, &w.post)
}

// can returns the names of what the rules allow, in the order of Permissions.
func (w *world) can() string {
	var names []string
	v := reflect.ValueOf(w.rules().public())
	for i := range v.NumField() {
		if v.Field(i).Bool() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "seeRevisions" || name == "restore" {
				continue // which follow from others; TestWhoSeesRevisions checks them
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// TestWhatTheRulesAllow checks who may do what with which post on a site where everybody may do everything.
func TestWhatTheRulesAllow(t *testing.T) {
	t.Parallel()
	const question = "answer comment edit changeCategoryAndTags changeTags selectAnswer voteUp voteDown flag close hide"
	for _, c := range []struct {
		whose   string
		kind    Kind
		changes []different
		can     string
	}{
		{"another's question", "Q", nil, question},
		{"another's answer", "A", nil, "comment edit voteUp voteDown flag hide followUp"},
		{"another's comment", "C", nil, "edit voteUp voteDown flag hide"},
		{"one's own question", "Q", []different{itself},
			"answer comment edit changeCategoryAndTags changeTags selectAnswer close hide"},
		{"one's own answer", "A", []different{itself}, "comment edit hide followUp"},
		{"one's own comment", "C", []different{itself}, "edit hide"},
		{"a visitor at a question", "Q", []different{visitor},
			"answer comment edit changeCategoryAndTags changeTags selectAnswer close hide"},
		{"a visitor at a visitor's question", "Q", []different{visitor, ofAVisitor, otherBrowser},
			"answer comment edit changeCategoryAndTags changeTags selectAnswer close hide"},
		{"a question of a deleted account", "Q", []different{ofNobody}, question},
		{"a member at a question from the member's browser", "Q", []different{ofAVisitor, sameBrowser},
			question + " claim"},
		{"a member at an answer from the member's browser", "A", []different{ofAVisitor, sameBrowser},
			"comment edit voteUp voteDown flag hide claim followUp"},
		{"a member at a comment from the member's browser", "C", []different{ofAVisitor, sameBrowser},
			"edit voteUp voteDown flag hide claim"},
		{"a blocked member", "Q", []different{blocked}, ""},
		{"a blocked member at an answer", "A", []different{blocked}, "followUp"}, // asking is refused
		{"a blocked member at the own question", "Q", []different{itself, blocked}, ""},
		{"a blocked member at the own comment", "C", []different{itself, blocked}, ""},

		{"a question of somebody who has muted the caller", "Q", []different{mutesMe},
			"edit changeCategoryAndTags changeTags selectAnswer voteUp voteDown flag close hide"},
		{"an answer of somebody who has muted the caller", "A", []different{mutesMe},
			"edit voteUp voteDown flag hide followUp"},
		{"a comment of somebody who has muted the caller", "C", []different{mutesMe},
			"edit voteUp voteDown flag hide"},

		{"a hidden question", "Q", []different{hidden}, "reshow delete"},
		{"a hidden answer", "A", []different{hidden}, "reshow delete"},
		{"a hidden comment", "C", []different{hidden}, "reshow delete"},
		{"a queued question", "Q", []different{queuedNow}, "changeCategoryAndTags changeTags approve"},
		{"a queued answer", "A", []different{queuedNow}, "approve"},
		{"a queued comment", "C", []different{queuedNow}, "approve"},
		{"one's own queued question", "Q", []different{itself, queuedNow},
			"edit changeCategoryAndTags changeTags approve hide"},
		{"one's own queued answer", "A", []different{itself, queuedNow}, "edit approve hide"},
		{"a closed question", "Q", []different{closedNow},
			"comment changeCategoryAndTags changeTags selectAnswer voteUp voteDown flag reopen hide"},
		{"one's own closed question", "Q", []different{itself, closedNow},
			"comment changeCategoryAndTags changeTags selectAnswer reopen hide"},
		{"a question with a best answer", "Q", []different{selected}, question},
		{"a question closed by its best answer", "Q", []different{selected, with("do_close_on_select", "1")},
			"comment changeCategoryAndTags changeTags selectAnswer voteUp voteDown flag hide"},
	} {
		t.Run(c.whose, func(t *testing.T) {
			t.Parallel()
			if can := newWorld(c.kind, c.changes...).can(); can != c.can {
				t.Errorf("one can %s\nand should  %s", can, c.can)
			}
		})
	}
}

// TestRules checks what one change of the post, the caller or the site takes away from what is allowed ("-"),
// and what it adds ("+").
func TestRules(t *testing.T) {
	t.Parallel()
	all := func(changes ...different) []different { return changes }
	for _, c := range []struct {
		rule  string
		kind  Kind
		given []different
		then  different
		diff  string
	}{
		// Each permission is for one thing.
		{"who may answer", "Q", nil, closedTo("permit_post_a"), "-answer"},
		{"who may comment on questions", "Q", nil, closedTo("permit_post_c"), "-comment"},
		{"who may comment on answers", "A", nil, closedTo("permit_post_c"), "-comment"},
		{"who may edit questions", "Q", nil, closedTo("permit_edit_q"), "-edit"},
		{"who may edit answers", "A", nil, closedTo("permit_edit_a"), "-edit"},
		{"who may edit comments", "C", nil, closedTo("permit_edit_c"), "-edit"},
		{"who may change tags and category", "Q", nil, closedTo("permit_retag_cat"), "-changeCategoryAndTags -changeTags"},
		{"who may choose the best answer", "Q", nil, closedTo("permit_select_a"), "-selectAnswer"},
		{"who may vote on questions", "Q", nil, closedTo("permit_vote_q"), "-voteUp -voteDown"},
		{"who may vote on answers", "A", nil, closedTo("permit_vote_a"), "-voteUp -voteDown"},
		{"who may vote on comments", "C", nil, closedTo("permit_vote_a"), "-voteUp -voteDown"},
		{"who may vote down", "Q", nil, closedTo("permit_vote_down"), "-voteDown"},
		{"who may flag", "Q", nil, closedTo("permit_flag"), "-flag"},
		{"who may close", "Q", nil, closedTo("permit_close_q"), "-close"},
		{"who may hide", "Q", nil, closedTo("permit_hide_show"), "-hide"},
		{"who may show again", "Q", all(hidden), closedTo("permit_hide_show"), "-reshow"},
		{"who may delete", "Q", all(hidden), closedTo("permit_delete_hidden"), "-delete"},
		{"who may approve", "Q", all(queuedNow), closedTo("permit_moderate"), "-approve"},
		{"who may clear flags", "Q", all(flagged), closedTo("permit_hide_show"), "-clearFlags -hide"},
		{"who may reopen", "Q", all(closedNow), closedTo("permit_close_q"), "-reopen"},
		{"who may claim a question", "Q", all(ofAVisitor, sameBrowser), closedTo("permit_post_q"), "-claim"},
		{"who may claim an answer", "A", all(ofAVisitor, sameBrowser), closedTo("permit_post_a"), "-claim"},
		{"who may claim a comment", "C", all(ofAVisitor, sameBrowser), closedTo("permit_post_c"),
			"-claim"},
		{"other permissions are not for questions", "Q", nil, closedTo("permit_edit_a", "permit_edit_c",
			"permit_vote_a", "permit_post_q", "permit_moderate", "permit_delete_hidden"), ""},
		{"other permissions are not for answers", "A", nil, closedTo("permit_edit_q", "permit_edit_c",
			"permit_vote_q", "permit_post_q", "permit_post_a", "permit_close_q", "permit_select_a"), ""},
		{"other permissions are not for comments", "C", nil, closedTo("permit_edit_q", "permit_edit_a",
			"permit_vote_q", "permit_post_c", "permit_retag_cat"), ""},

		// An unconfirmed address hides no button from others than the author, and the click is refused.
		{"who has confirmed an address edits", "Q", all(unconfirmed), with("permit_edit_q", "110"), "-edit"},
		{"who has confirmed an address changes tags", "Q", all(unconfirmed), with("permit_retag_cat", "110"),
			"-changeCategoryAndTags -changeTags"},
		{"authors edit without having confirmed one", "Q", all(itself, unconfirmed),
			with("permit_edit_q", "110"), ""},

		// Each feature can be switched off.
		{"no votes on questions", "Q", nil, switchedOff("voting_on_qs"), "-voteUp -voteDown"},
		{"no votes on answers", "A", nil, switchedOff("voting_on_as"), "-voteUp -voteDown"},
		{"no votes on comments", "C", nil, switchedOff("voting_on_cs"), "-voteUp -voteDown"},
		{"no flags", "C", nil, switchedOff("flagging_of_posts"), "-flag"},
		{"no comments on questions", "Q", nil, switchedOff("comment_on_qs"), "-comment"},
		{"no comments on answers", "A", nil, switchedOff("comment_on_as"), "-comment"},
		{"comments on questions alone", "Q", nil, switchedOff("comment_on_as"), ""},
		{"comments on answers alone", "A", nil, switchedOff("comment_on_qs"), ""},
		{"no questions from answers", "A", nil, switchedOff("follow_on_as"), "-followUp"},
		{"nothing is closed", "Q", nil, switchedOff("allow_close_questions"), "-close"},
		{"what is closed can be reopened all the same", "Q", all(closedNow),
			switchedOff("allow_close_questions"), ""},
		{"neither tags nor categories", "Q", nil, with("tags_or_categories", ""), "-changeCategoryAndTags -changeTags"},
		{"tags alone", "Q", nil, with("tags_or_categories", "t"), ""},
		{"categories alone", "Q", nil, with("tags_or_categories", "c"), "-changeTags"},

		// Authors need no permission for what is their own.
		{"authors edit", "Q", all(itself), closedTo("permit_edit_q"), ""},
		{"authors edit answers", "A", all(itself), closedTo("permit_edit_a"), ""},
		{"authors change tags", "Q", all(itself), closedTo("permit_retag_cat"), ""},
		{"authors choose", "Q", all(itself), closedTo("permit_select_a"), ""},
		{"authors close", "Q", all(itself), closedTo("permit_close_q"), ""},
		{"authors hide", "Q", all(itself), closedTo("permit_hide_show"), ""},
		{"authors show again", "Q", all(itself, hidden), closedTo("permit_hide_show"), ""},
		{"authors do not approve", "Q", all(itself, queuedNow), closedTo("permit_moderate"), "-approve"},
		{"authors do not delete", "Q", all(itself, hidden), closedTo("permit_delete_hidden"), "-delete"},
		{"authors answer as others do", "Q", all(itself), closedTo("permit_post_a"), "-answer"},
		{"a visitor's browser is the author", "Q", all(visitor, sameBrowser, ofAVisitor),
			closedTo("permit_edit_q", "permit_retag_cat", "permit_select_a", "permit_close_q",
				"permit_hide_show"), ""},
		{"a blocked author shows nothing again", "Q", all(itself, hidden), blocked, "-reshow -delete"},
		{"where authors may not close", "Q", all(itself, switchedOff("allow_close_own_questions")),
			closedTo("permit_close_q"), "-close"},
		{"who may close closes an own question", "Q", all(itself),
			switchedOff("allow_close_own_questions"), ""},
		{"no answers to one's own", "Q", all(itself), switchedOff("allow_self_answer"), "-answer"},
		{"no answers to one's own: others answer", "Q", nil, switchedOff("allow_self_answer"), ""},

		// One answer each.
		{"a second answer", "Q", all(answered(theCaller)), switchedOff("allow_multi_answers"), "-answer"},
		{"after another's answer", "Q", all(answered(somebody)), switchedOff("allow_multi_answers"), ""},
		{"after an own comment", "Q", all(commented(theCaller, thePost)),
			switchedOff("allow_multi_answers"), ""},

		// Flags.
		{"one's own flag", "Q", nil, myFlag, "-flag +unflag"},
		{"one's own flag among others", "Q", nil, twoFlags, "-flag +unflag +clearFlags"},
		{"another's flag", "Q", nil, flagged, "+clearFlags"},
		{"one's own flag on what is hidden", "Q", all(hidden), myFlag, ""},
		{"flags on what is hidden", "Q", all(hidden), flagged, "+clearFlags"},
		{"a flag on what is queued", "Q", all(queuedNow), myFlag, "+unflag"},

		// Authors cannot undo what somebody else did last.
		{"closed by another, the author may not close", "Q",
			all(itself, closedNow, closedTo("permit_close_q")), lastByOther, "-reopen"},
		{"closed by another, the author may close", "Q", all(itself, closedNow), lastByOther, ""},
		{"closed by another, the author may not hide", "Q",
			all(itself, closedNow, closedTo("permit_hide_show")), lastByOther, "-hide"},
		{"closed by the author", "Q",
			all(itself, closedNow, closedTo("permit_close_q", "permit_hide_show")), lastBySelf, ""},
		{"changed by another and open", "Q",
			all(itself, closedTo("permit_close_q", "permit_hide_show")), lastByOther, ""},
		{"closed by the best answer, changed by another", "Q",
			all(itself, selected, with("do_close_on_select", "1"), closedTo("permit_hide_show")),
			lastByOther, ""},
		{"closed by the best answer, and by somebody", "Q",
			all(selected, with("do_close_on_select", "1")), closedNow, "+reopen"},
		{"hidden by another, the author may not hide", "Q",
			all(itself, hidden, closedTo("permit_hide_show")), lastByOther, "-reshow"},
		{"hidden by another, the author may hide", "Q", all(itself, hidden), lastByOther, ""},
		{"hidden by the author", "Q", all(itself, hidden, closedTo("permit_hide_show")), lastBySelf, ""},
		{"hidden and flagged", "Q", all(itself, hidden, closedTo("permit_hide_show")), flagged, "-reshow"},
		{"hidden and flagged, for who may hide", "Q", all(itself, hidden), flagged, "+clearFlags"},
		{"hidden and closed", "Q", all(hidden), closedNow, ""},

		// A post is not deleted while anything stands below it.
		{"a question with an answer", "Q", all(hidden), answered(somebody), "-delete"},
		{"a question with a comment", "Q", all(hidden), commented(somebody, thePost), "-delete"},
		{"a question with a comment on something else", "Q", all(hidden), commented(somebody, otherPost), ""},
		{"a question with a duplicate", "Q", all(hidden), duplicated(thePost), "-delete"},
		{"a question with a duplicate of another", "Q", all(hidden), duplicated(theQuestion), ""},
		{"an answer with a comment", "A", all(hidden), commented(somebody, thePost), "-delete"},
		{"an answer beside another", "A", all(hidden), answered(somebody), ""},

		// Claims.
		{"the wrong browser", "Q", all(ofAVisitor, sameBrowser), otherBrowser, "-claim"},
		{"a post without a cookie", "Q", all(ofAVisitor, sameBrowser), ofNobody, "-claim"},
		{"no cookie at all is not the same cookie", "Q", all(ofNobody),
			by(func(c *auth.Caller) { c.CookieID = "" }), ""},
		{"a post that has an author", "A", all(ofAVisitor, sameBrowser),
			on(func(p *post) { p.userID = somebody }), "-claim"},
		{"a second answer by a claim", "A", all(ofAVisitor, sameBrowser, askedBy(somebody), answered(theCaller)),
			switchedOff("allow_multi_answers"), "-claim"},
		{"a claim beside another's answer", "A",
			all(ofAVisitor, sameBrowser, askedBy(somebody), answered(somebody)),
			switchedOff("allow_multi_answers"), ""},
		{"a claim beside an own answer elsewhere", "A",
			all(ofAVisitor, sameBrowser, askedBy(somebody), answered(theCaller),
				func(w *world) { w.around.answers[0].parentID = otherPost + 1 }),
			switchedOff("allow_multi_answers"), ""},
		{"an answer to one's own question by a claim", "A",
			all(ofAVisitor, sameBrowser, askedBy(theCaller)), switchedOff("allow_self_answer"), "-claim"},
		{"a claim of an answer to another's question", "A",
			all(ofAVisitor, sameBrowser, askedBy(somebody)), switchedOff("allow_self_answer"), ""},
		{"a claim of an answer to a question that is not known", "A",
			all(ofAVisitor, sameBrowser), switchedOff("allow_self_answer"), ""},
		{"a claim of a comment on one's own question", "C",
			all(ofAVisitor, sameBrowser, askedBy(theCaller), answered(theCaller)),
			closedTo("allow_self_answer", "allow_multi_answers"), ""},
		{"a claim of the question that one answered", "Q",
			all(ofAVisitor, sameBrowser, answered(theCaller)), switchedOff("allow_self_answer"), "-claim"},
		{"a claim of the question that another answered", "Q",
			all(ofAVisitor, sameBrowser, answered(somebody)), switchedOff("allow_self_answer"), ""},
		{"a claim of the question that one commented on", "Q",
			all(ofAVisitor, sameBrowser, commented(theCaller, thePost)), switchedOff("allow_self_answer"), ""},

		// Levels.
		{"an editor edits", "Q", all(with("permit_edit_q", "70")),
			by(func(c *auth.Caller) { c.Level = auth.LevelEditor }), "+edit"},
		{"an editor of the category edits", "Q", all(with("permit_edit_q", "70")),
			by(func(c *auth.Caller) { c.CategoryLevels = map[int]int{3: auth.LevelEditor} }), "+edit"},
		{"an editor of a category above edits", "Q", all(with("permit_edit_q", "70")),
			by(func(c *auth.Caller) { c.CategoryLevels = map[int]int{2: auth.LevelEditor} }), "+edit"},
		{"an editor of another category does not", "Q", all(with("permit_edit_q", "70")),
			by(func(c *auth.Caller) { c.CategoryLevels = map[int]int{4: auth.LevelEditor} }), ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			before := newWorld(c.kind, c.given...).can()
			after := newWorld(c.kind, append(slices.Clone(c.given), c.then)...).can()
			if diff := difference(before, after); diff != c.diff {
				t.Errorf("%q, want %q: one can %s\nand then    %s", diff, c.diff, before, after)
			}
		})
	}
}

// difference returns the names that are only in before, with "-", and those that are only in after, with "+".
func difference(before, after string) string {
	was, is := strings.Fields(before), strings.Fields(after)
	var diff []string
	for i := range reflect.TypeFor[permissions]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[permissions]().Field(i).Tag.Get("json"), ",")
		switch {
		case slices.Contains(was, name) && !slices.Contains(is, name):
			diff = append(diff, "-"+name)
		case !slices.Contains(was, name) && slices.Contains(is, name):
			diff = append(diff, "+"+name)
		}
	}
	return strings.Join(diff, " ")
}

// TestWhoSeesRevisions checks that whoever sees a post sees its versions, unless the plugin's option says
// otherwise, and that who may edit it besides may restore one.
func TestWhoSeesRevisions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		who           string
		changes       []different
		sees, restore bool
	}{
		{"a visible post", nil, true, true},
		{"by a visitor", []different{visitor}, true, true},
		{"by who may not edit", []different{closedTo("permit_edit_q")}, true, false},
		{"by who is blocked", []different{blocked}, true, false},
		{"by who may not view them", []different{closedTo("edit_history_view_perms")}, false, false},
		{"by a visitor, for users", []different{visitor, with("edit_history_view_perms", "120")}, false, false},
		{"by a user, for users", []different{with("edit_history_view_perms", "120")}, true, true},
		{"by who is blocked, for users", []different{blocked, with("edit_history_view_perms", "120")}, true, false},
		{"closed", []different{closedNow}, true, false},
		{"hidden", []different{hidden, closedTo("permit_hide_show")}, false, false},
		{"hidden, by the author", []different{hidden, itself}, true, false},
		{"hidden, by who may hide", []different{hidden}, true, false},
		{"queued", []different{queuedNow, closedTo("permit_moderate")}, false, false},
		{"queued, by the author", []different{queuedNow, itself}, true, true},
	} {
		can := newWorld("Q", c.changes...).rules().public()
		if can.Revisions != c.sees || can.Restore != c.restore {
			t.Errorf("%s: sees %v, restores %v", c.who, can.Revisions, can.Restore)
		}
	}
}

// TestWhoSeesWhat checks that everybody sees visible posts, and who sees hidden and queued ones.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	hides, approves := closedTo("permit_hide_show"), closedTo("permit_moderate")
	for _, c := range []struct {
		who     string
		changes []different
		sees    bool
	}{
		{"a visible post", []different{visitor, hides, approves}, true},
		{"hidden", []different{hidden, hides}, false},
		{"hidden, by who may hide", []different{hidden, approves}, true},
		{"hidden, by the author", []different{hidden, itself, hides}, true},
		{"hidden, by the author who is blocked", []different{hidden, itself, blocked}, false},
		{"hidden, by the author's browser", []different{hidden, hides, visitor, ofAVisitor, sameBrowser}, true},
		{"hidden, by another browser", []different{hidden, hides, visitor, ofAVisitor, otherBrowser}, false},
		{"queued", []different{queuedNow, approves}, false},
		{"queued, by who may approve", []different{queuedNow, hides}, true},
		{"queued, by the author", []different{queuedNow, itself, approves}, true},
		{"queued, by the author who is blocked", []different{queuedNow, itself, blocked, approves}, true},
		{"queued, by an expert in its category", []different{queuedNow, with("permit_moderate", "100"),
			by(func(c *auth.Caller) { c.CategoryLevels = map[int]int{3: auth.LevelExpert} })}, true},
		{"queued, by an expert elsewhere", []different{queuedNow, with("permit_moderate", "100"),
			by(func(c *auth.Caller) { c.CategoryLevels = map[int]int{4: auth.LevelExpert} })}, false},
	} {
		t.Run(c.who, func(t *testing.T) {
			t.Parallel()
			if w := newWorld("Q", c.changes...); w.rules().viewable != c.sees {
				t.Errorf("sees it: %v", !c.sees)
			}
		})
	}
}
