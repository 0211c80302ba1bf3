package qa

import (
	"errors"
	"reflect"
	"testing"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// refusal returns the code of the problem with which the operation on the world's post is refused, or "" if
// the operation is allowed.
func (w *world) refusal(t *testing.T, op operation) string {
	t.Helper()
	question := &post{id: theQuestion, kind: "Q"}
	if w.post.kind == "Q" {
		question = &w.post
	}
	w.around.question = question
	c := &change{
		Writer:     auth.Writer{Options: site.NewOptions(w.options), Caller: w.caller},
		threadEdit: threadEdit{thread: &loaded{thread: w.around, rules: map[int]rules{w.post.id: w.rules()}}},
	}
	err := c.may(op, &w.post)
	if c.granted != (err == nil) {
		t.Errorf("granted: %v, and the error is %v", c.granted, err)
	}
	if err == nil {
		return ""
	}
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Fatalf("not a problem: %v", err)
	}
	return p.Code.String()
}

// TestWhyNot checks that, if there are several reasons to refuse an operation, the caller is told the one
// that helps most.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	all := func(changes ...different) []different { return changes }
	// members lets members do what the option is about, and fewPoints only those who have more points than
	// the caller.
	members := func(option string) different { return with(option, "120") }
	fewPoints := func(option string) different {
		return func(w *world) { w.options[option], w.options[option+"_points"] = "106", "100" }
	}
	noComments := func(w *world) { w.options["comment_on_qs"], w.options["comment_on_as"] = "0", "0" }
	noLabels := with("tags_or_categories", "")
	for _, c := range []struct {
		why     string
		op      operation
		kind    Kind
		changes []different
		code    string
	}{
		{"answer", answering, "Q", nil, ""},
		{"answer: level", answering, "Q", all(closedTo("permit_post_a")), "permission_level"},
		{"answer: points", answering, "Q", all(fewPoints("permit_post_a")), "permission_points"},
		{"answer: visitor", answering, "Q", all(visitor, members("permit_post_a"), hidden), "login_required"},
		{"answer: blocked before closed", answering, "Q", all(blocked, closedNow), "user_blocked"},
		{"answer: hidden before level", answering, "Q", all(hidden, closedTo("permit_post_a")), "hidden"},
		{"answer: hidden before points", answering, "Q", all(hidden, fewPoints("permit_post_a")), "hidden"},
		{"answer: hidden before closed", answering, "Q", all(hidden, closedNow), "hidden"},
		{"answer: queued", answering, "Q", all(queuedNow), "queued"},
		{"answer: closed before level", answering, "Q", all(closedNow, closedTo("permit_post_a")), "closed"},
		{"answer: closed by the best answer", answering, "Q",
			all(selected, with("do_close_on_select", "1")), "closed"},
		{"answer: own before blocked", answering, "Q",
			all(itself, blocked, switchedOff("allow_self_answer")), "own_post"},
		{"answer: own, which is allowed, but blocked", answering, "Q", all(itself, blocked), "user_blocked"},
		{"answer: another's, where one's own are not answered", answering, "Q",
			all(hidden, switchedOff("allow_self_answer")), "hidden"},
		{"answer: a second one", answering, "Q",
			all(answered(theCaller), switchedOff("allow_multi_answers")), "already_answered"},

		{"answer: muted", answering, "Q", all(mutesMe), "muted"},
		{"answer: closed before muted", answering, "Q", all(mutesMe, closedNow), "closed"},
		{"answer: blocked before muted", answering, "Q", all(mutesMe, blocked), "user_blocked"},
		{"comment: muted", commenting, "Q", all(mutesMe), "muted"},
		{"comment: muted, on an answer", commenting, "A", all(mutesMe), "muted"},
		{"comment: hidden before muted", commenting, "A", all(mutesMe, hidden), "hidden"},
		{"comment: off before muted", commenting, "A", all(mutesMe, noComments), "feature_off"},

		{"comment: off", commenting, "Q", all(noComments), "feature_off"},
		{"comment: off on answers", commenting, "A", all(switchedOff("comment_on_as")), "feature_off"},
		{"comment: off before blocked", commenting, "A", all(noComments, blocked), "feature_off"},
		{"comment: hidden before off", commenting, "A", all(noComments, hidden), "hidden"},
		{"comment: queued before off", commenting, "A", all(noComments, queuedNow), "queued"},
		{"comment: level", commenting, "A", all(closedTo("permit_post_c")), "permission_level"},
		{"comment: on a comment", commenting, "C", nil, "feature_off"},

		{"edit: level", editing, "Q", all(closedTo("permit_edit_q")), "permission_level"},
		{"edit: level for answers", editing, "A", all(closedTo("permit_edit_a")), "permission_level"},
		{"edit: level for comments", editing, "C", all(closedTo("permit_edit_c")), "permission_level"},
		{"edit: points", editing, "Q", all(fewPoints("permit_edit_q")), "permission_points"},
		{"edit: closed", editing, "Q", all(closedNow), "closed"},
		{"edit: closed, one's own", editing, "Q", all(itself, closedNow, closedTo("permit_edit_q")), "closed"},
		{"edit: hidden, one's own", editing, "A", all(itself, hidden, closedTo("permit_edit_a")), "hidden"},
		{"edit: blocked, one's own", editing, "Q", all(itself, blocked), "user_blocked"},
		{"edit: an answer to a closed question", editing, "A", all(closedNow, closedTo("permit_edit_a")),
			"permission_level"},

		{"labels: neither tags nor categories", labelling, "Q", all(noLabels), "feature_off"},
		{"labels: none, before blocked", labelling, "Q", all(noLabels, blocked), "feature_off"},
		{"labels: tags alone", labelling, "Q", all(with("tags_or_categories", "t"), hidden), "hidden"},
		{"labels: categories alone", labelling, "Q", all(with("tags_or_categories", "c"), hidden), "hidden"},
		{"labels: level", labelling, "Q", all(closedTo("permit_retag_cat")), "permission_level"},
		{"labels: hidden, one's own", labelling, "Q", all(itself, hidden, closedTo("permit_retag_cat")), "hidden"},
		{"labels: blocked, one's own", labelling, "Q", all(itself, blocked), "user_blocked"},

		{"choose: level", selecting, "Q", all(closedTo("permit_select_a")), "permission_level"},
		{"choose: points", selecting, "Q", all(fewPoints("permit_select_a")), "permission_points"},
		{"choose: hidden before level", selecting, "Q", all(hidden, closedTo("permit_select_a")), "hidden"},
		{"choose: blocked, one's own", selecting, "Q",
			all(itself, blocked, closedTo("permit_select_a")), "user_blocked"},

		{"vote: visitor before hidden", votingUp, "Q", all(visitor, hidden), "login_required"},
		{"vote: hidden before off", votingUp, "Q", all(hidden, switchedOff("voting_on_qs")), "hidden"},
		{"vote: queued", votingUp, "Q", all(queuedNow), "queued"},
		{"vote: off before own", votingUp, "Q", all(itself, switchedOff("voting_on_qs")), "feature_off"},
		{"vote: off on answers", votingUp, "A", all(switchedOff("voting_on_as")), "feature_off"},
		{"vote: off on comments", votingUp, "C", all(switchedOff("voting_on_cs")), "feature_off"},
		{"vote: own before level", votingUp, "Q", all(itself, closedTo("permit_vote_q")), "own_post"},
		{"vote: level", votingUp, "Q", all(closedTo("permit_vote_q")), "permission_level"},
		{"vote: points on a comment", votingUp, "C", all(fewPoints("permit_vote_a")), "permission_points"},
		{"vote: down only, level", votingUp, "Q", all(closedTo("permit_vote_down")), ""},
		{"vote down: level", votingDown, "Q", all(closedTo("permit_vote_down")), "permission_level"},
		{"vote down: points before level", votingDown, "Q",
			all(fewPoints("permit_vote_q"), closedTo("permit_vote_down")), "permission_points"},
		{"vote down: points", votingDown, "Q", all(fewPoints("permit_vote_down")), "permission_points"},
		{"vote down: visitor", votingDown, "Q", all(visitor, hidden), "login_required"},
		{"vote down: hidden", votingDown, "Q", all(hidden, switchedOff("voting_on_qs")), "hidden"},
		{"vote down: off", votingDown, "Q", all(itself, switchedOff("voting_on_qs")), "feature_off"},
		{"vote down: own", votingDown, "Q", all(itself, closedTo("permit_vote_q")), "own_post"},

		{"flag: visitor before off", flagging, "Q", all(visitor, switchedOff("flagging_of_posts")), "login_required"},
		{"flag: off before own", flagging, "Q", all(itself, switchedOff("flagging_of_posts")), "feature_off"},
		{"flag: own before hidden", flagging, "Q", all(itself, hidden), "own_post"},
		{"flag: hidden before level", flagging, "Q", all(hidden, closedTo("permit_flag")), "hidden"},
		{"flag: points", flagging, "Q", all(fewPoints("permit_flag")), "permission_points"},
		{"flag: blocked before hidden", flagging, "Q", all(blocked, hidden), "user_blocked"},
		{"flag: flagged already", flagging, "Q", all(myFlag), "permission_level"},
		{"unflag: visitor", unflagging, "Q", all(visitor, hidden), "login_required"},
		{"unflag: blocked before hidden", unflagging, "Q", all(blocked, hidden), "user_blocked"},
		{"unflag: hidden", unflagging, "Q", all(hidden), "hidden"},
		{"unflag: none", unflagging, "Q", nil, "permission_level"},
		{"clear flags: level", clearing, "Q", all(flagged, closedTo("permit_hide_show")), "permission_level"},
		{"clear flags: one's own", clearing, "Q", all(myFlag), "own_flag_only"},

		{"close: off before level", closing, "Q",
			all(switchedOff("allow_close_questions"), closedTo("permit_close_q")), "feature_off"},
		{"close: level", closing, "Q", all(closedTo("permit_close_q")), "permission_level"},
		{"close: closed", closing, "Q", all(closedNow), "closed"},
		{"close: hidden before level", closing, "Q", all(hidden, closedTo("permit_close_q")), "hidden"},
		{"close: blocked, one's own", closing, "Q", all(itself, blocked), "user_blocked"},
		{"close: hidden, one's own", closing, "Q", all(itself, hidden, members("permit_close_q")), "hidden"},
		{"close: one's own, which authors may not", closing, "Q",
			all(itself, switchedOff("allow_close_own_questions"), closedTo("permit_close_q")), "permission_level"},
		{"close: a visitor's own", closing, "Q",
			all(visitor, sameBrowser, ofAVisitor, queuedNow, members("permit_close_q")), "queued"},
		{"close: a visitor's own, which authors may not", closing, "Q",
			all(visitor, sameBrowser, ofAVisitor, queuedNow, members("permit_close_q"),
				switchedOff("allow_close_own_questions")), "login_required"},
		{"reopen: level", reopening, "Q", all(closedNow, closedTo("permit_close_q")), "permission_level"},
		{"reopen: points", reopening, "Q", all(closedNow, fewPoints("permit_close_q")), "permission_points"},
		{"reopen: hidden before level", reopening, "Q",
			all(closedNow, hidden, closedTo("permit_close_q")), "hidden"},
		{"reopen: blocked before hidden", reopening, "Q", all(closedNow, hidden, blocked), "user_blocked"},
		{"reopen: one's own, closed by another", reopening, "Q",
			all(itself, closedNow, lastByOther, closedTo("permit_close_q")), "permission_level"},
		{"reopen: one's own, hidden", reopening, "Q",
			all(visitor, sameBrowser, ofAVisitor, closedNow, hidden, members("permit_close_q")), "hidden"},
		{"reopen: one's own, hidden and closed by another", reopening, "Q",
			all(visitor, sameBrowser, ofAVisitor, closedNow, hidden, lastByOther, members("permit_close_q")),
			"login_required"},

		{"approve: level", approving, "Q", all(queuedNow, closedTo("permit_moderate")), "permission_level"},
		{"approve: level before the state", approving, "Q", all(closedTo("permit_moderate")), "permission_level"},
		{"approve: not queued", approving, "Q", nil, "not_queued"},
		{"hide: level", hiding, "Q", all(closedTo("permit_hide_show")), "permission_level"},
		{"hide: queued before level", hiding, "A", all(queuedNow, closedTo("permit_hide_show")), "queued"},
		{"hide: blocked, one's own", hiding, "A", all(itself, blocked), "user_blocked"},
		{"hide: blocked before queued", hiding, "A", all(itself, blocked, queuedNow), "user_blocked"},
		{"hide: one's own, closed by another", hiding, "Q",
			all(itself, closedNow, lastByOther, closedTo("permit_hide_show")), "closed_by_other"},
		{"hide: closed, level", hiding, "Q", all(closedNow, closedTo("permit_hide_show")), "permission_level"},
		{"show: queued before level", reshowing, "Q", all(queuedNow, closedTo("permit_hide_show")), "queued"},
		{"show: level", reshowing, "Q", all(hidden, closedTo("permit_hide_show")), "permission_level"},
		{"show: one's own, hidden by another", reshowing, "Q",
			all(itself, hidden, lastByOther, closedTo("permit_hide_show")), "hidden_by_other"},
		{"show: one's own, blocked", reshowing, "Q", all(itself, hidden, blocked), "user_blocked"},
		{"delete: level before the state", deleting, "Q", all(closedTo("permit_delete_hidden")), "permission_level"},
		{"delete: visible", deleting, "Q", all(answered(somebody)), "not_hidden"},
		{"delete: with an answer", deleting, "Q", all(hidden, answered(somebody)), "has_replies"},

		{"claim: visitor", claiming, "Q", all(visitor, ofAVisitor, sameBrowser), "login_required"},
		{"claim: level for a question", claiming, "Q",
			all(ofAVisitor, sameBrowser, closedTo("permit_post_q")), "permission_level"},
		{"claim: level for an answer", claiming, "A",
			all(ofAVisitor, sameBrowser, closedTo("permit_post_a")), "permission_level"},
		{"claim: level for a comment", claiming, "C",
			all(ofAVisitor, sameBrowser, closedTo("permit_post_c")), "permission_level"},
		{"claim: another browser", claiming, "A", all(ofAVisitor, otherBrowser), "not_claimable"},
		{"follow: off before hidden", followingUp, "A", all(hidden, switchedOff("follow_on_as")), "feature_off"},
		{"follow: hidden", followingUp, "A", all(hidden), "hidden"},
		{"follow: queued", followingUp, "A", all(queuedNow), "queued"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if code := newWorld(c.kind, c.changes...).refusal(t, c.op); code != c.code {
				t.Errorf("refused with %q, want %q", code, c.code)
			}
		})
	}
}

// TestNoWriteWithoutAsking checks that a change which reports an event fails if it has not asked the rules.
func TestNoWriteWithoutAsking(t *testing.T) {
	c := &change{effects: effects{events: []Event{{Event: events.Event{Name: "q_edit"}}}}}
	if err := c.finish(); err == nil {
		t.Error("a write that asked nobody is finished")
	}
}

// TestEveryOperationIsToldAndRefused checks for each operation that responses say whether the caller may do it,
// that at least one reason for refusing it is listed, and that it is refused while all rules are false and
// allowed when all are true.
func TestEveryOperationIsToldAndRefused(t *testing.T) {
	const versions = 2 // seeing versions is reading, and restoring one is editing
	told := reflect.TypeFor[permissions]().NumField() - versions
	if told != int(operations) {
		t.Errorf("%d operations, %d of them told to readers", operations, told)
	}
	for op := range operations {
		if len(reasons[op]) == 0 {
			t.Errorf("operation %d is refused without a reason", op)
		}
		if (rules{}).allows(op) {
			t.Errorf("operation %d is allowed without a rule", op)
		}
	}
	all := rules{}
	for i := range reflect.TypeOf(all).NumField() {
		set(&all, i)
	}
	for op := range operations {
		if !all.allows(op) {
			t.Errorf("operation %d is never allowed", op)
		}
	}
	for i := range told {
		if !reflect.ValueOf(all.public()).Field(i).Bool() {
			t.Errorf("%s is never told", reflect.TypeFor[permissions]().Field(i).Name)
		}
	}
}

// set makes the rule with this index true. It writes to memory directly, because the fields are not exported.
func set(r *rules, field int) {
	*(*bool)(reflect.ValueOf(r).Elem().Field(field).Addr().UnsafePointer()) = true
}
