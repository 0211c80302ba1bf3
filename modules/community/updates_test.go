package community

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/qa"
)

// Users and posts of the events below: member writes posts on the question of asker.
const (
	member, asker, third = 17, 6, 9

	question, reply = 1, 30
)

// String returns the update in the form that the table below uses: whose stream it goes to, the question and
// the post, what happened, and who did it.
func (u update) String() string {
	to := fmt.Sprint(u.to.kind, u.to.id)
	if u.to.kind == "-" {
		to = fmt.Sprint("-", u.userID)
	}
	return fmt.Sprintf("%s:%d/%d%s by %d", to, u.questionID, u.postID, u.what, u.by)
}

// TestUpdatesOfEvents checks to which update streams an event goes: those of the question, of the actor, of
// tags and categories, and of the authors of the posts concerned.
func TestUpdatesOfEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		event qa.Event
		want  string
	}{
		{"q_post", qa.Event{PostID: question, QuestionID: question, TagWordIDs: []int{5, 6}, CategoryIDs: []int{2, 3}},
			"Q1:1/1 by 17, U17:1/1 by 17, T5:1/1 by 17, T6:1/1 by 17, C2:1/1 by 17, C3:1/1 by 17"},
		{"q_post", qa.Event{PostID: question, QuestionID: question, FollowedID: 8, ParentOwnerID: third},
			"Q8:8/1F by 17, U17:8/1F by 17, -9:8/1F by 17, Q1:1/1 by 17, U17:1/1 by 17"},
		{"a_post", qa.Event{PostID: reply, QuestionID: question, ParentOwnerID: asker},
			"Q1:1/30 by 17, U17:1/30 by 17, -6:1/30 by 17"},
		{"a_post", qa.Event{PostID: reply, QuestionID: question, ParentOwnerID: member},
			"Q1:1/30 by 17, U17:1/30 by 17"},
		{"a_post", qa.Event{PostID: reply, QuestionID: question}, "Q1:1/30 by 17, U17:1/30 by 17"},
		{"c_post", qa.Event{PostID: reply, QuestionID: question, ParentKind: "Q", ParentOwnerID: asker},
			"Q1:1/30U by 17, U17:1/30U by 17, -6:1/30U by 17"},
		{"c_post", qa.Event{PostID: reply, QuestionID: question, ParentKind: "A", ParentOwnerID: asker,
			ThreadUserIDs: []int{third, member}},
			"-9:1/30F by 17, Q1:1/30N by 17, U17:1/30N by 17, -6:1/30N by 17"},
		{"c_post", qa.Event{PostID: reply, QuestionID: question, ParentKind: "A", ParentOwnerID: asker,
			ThreadUserIDs: []int{asker}},
			"-6:1/30F by 17, Q1:1/30N by 17, U17:1/30N by 17"},
		{"q_edit", qa.Event{PostID: question, OwnerID: asker, TextChanged: true, TagWordIDs: []int{5}},
			"Q1:1/1E by 17, U17:1/1E by 17, -6:1/1E by 17"},
		{"q_edit", qa.Event{PostID: question, OwnerID: asker, TagsChanged: true, TagWordIDs: []int{5}},
			"Q1:1/1T by 17, U17:1/1T by 17, -6:1/1T by 17, T5:1/1T by 17"},
		{"q_edit", qa.Event{PostID: question, OwnerID: asker, TextChanged: true, TagsChanged: true, TagWordIDs: []int{5}},
			"Q1:1/1E by 17, U17:1/1E by 17, -6:1/1E by 17, T5:1/1T by 17"},
		{"q_edit", qa.Event{PostID: question, OwnerID: asker, TagWordIDs: []int{5}}, ""},
		{"a_edit", qa.Event{PostID: reply, QuestionID: question, OwnerID: third, TextChanged: true},
			"Q1:1/30E by 17, U17:1/30E by 17, -9:1/30E by 17"},
		{"c_edit", qa.Event{PostID: reply, QuestionID: question, OwnerID: member, TextChanged: true},
			"Q1:1/30E by 17, U17:1/30E by 17"},
		{"a_edit", qa.Event{PostID: reply, QuestionID: question, OwnerID: third}, ""},
		{"a_to_c", qa.Event{PostID: reply, QuestionID: question, OwnerID: third},
			"Q1:1/30Y by 17, U17:1/30Y by 17, -9:1/30Y by 17"},
		{"a_to_c", qa.Event{PostID: reply, QuestionID: question, OwnerID: third, TextChanged: true},
			"Q1:1/30E by 17, U17:1/30E by 17, -9:1/30E by 17"},
		{"a_select", qa.Event{PostID: reply, QuestionID: question, OwnerID: third},
			"Q1:1/30S by 17, U17:1/30S by 17, -9:1/30S by 17"},
		{"q_close", qa.Event{PostID: question, OwnerID: asker}, "Q1:1/1C by 17, U17:1/1C by 17, -6:1/1C by 17"},
		{"q_reopen", qa.Event{PostID: question, OwnerID: asker}, "Q1:1/1C by 17, U17:1/1C by 17, -6:1/1C by 17"},
		{"q_move", qa.Event{PostID: question, OwnerID: asker, CategoryIDs: []int{2, 3}},
			"Q1:1/1A by 17, U17:1/1A by 17, -6:1/1A by 17, C2:1/1A by 17, C3:1/1A by 17"},
		{"a_reshow", qa.Event{PostID: reply, QuestionID: question, OwnerID: third},
			"Q1:1/30H by 17, U17:1/30H by 17, -9:1/30H by 17"},
		{"c_hide", qa.Event{PostID: reply, QuestionID: question, OwnerID: third}, "-9:1/30H by 17"},
		{"a_hide", qa.Event{PostID: reply, QuestionID: question, OwnerID: member}, "-17:1/30H by 17"},
		{"q_hide", qa.Event{PostID: question, QuestionID: question}, ""},
		{"q_vote_up", qa.Event{PostID: question, QuestionID: question, OwnerID: asker}, ""},
	} {
		t.Run(c.name+" "+c.want, func(t *testing.T) {
			t.Parallel()
			c.event.Event = events.Event{Name: c.name, Actor: events.Actor{UserID: member}}
			var got []string
			for _, u := range updatesOf(c.event) {
				got = append(got, u.String())
			}
			if joined := strings.Join(got, ", "); joined != c.want {
				t.Errorf("%s\nwant %s", joined, c.want)
			}
		})
	}
}

// TestNobodysUpdates checks that the action of a visitor goes to no stream of an actor.
func TestNobodysUpdates(t *testing.T) {
	t.Parallel()
	e := qa.Event{PostID: reply, QuestionID: question, ParentOwnerID: asker}
	e.Event = events.Event{Name: "a_post"}
	if got := fmt.Sprint(updatesOf(e)); got != "[Q1:1/30 by 0 -6:1/30 by 0]" {
		t.Error(got)
	}
}

// TestTrim checks which rows of a stream are trimmed: the oldest, and with them all rows of the same second.
func TestTrim(t *testing.T) {
	t.Parallel()
	stream := []row{{questionID: 1, updated: 10}, {questionID: 2, updated: 11}, {questionID: 1, updated: 12},
		{questionID: 1, updated: 12}, {questionID: 1, updated: 13}}
	for _, c := range []struct {
		name           string
		question, keep int
		kept           []int64
		until          int64
		trimmed        bool
	}{
		{"few enough of the question", 1, 4, []int64{10, 11, 12, 12, 13}, 0, false},
		{"one too many of the question", 1, 3, []int64{11, 12, 12, 13}, 10, true},
		{"rows of the same second go together", 1, 2, []int64{11, 13}, 12, true},
		{"few enough of all questions", 0, 5, []int64{10, 11, 12, 12, 13}, 0, false},
		{"one too many of all questions", 0, 4, []int64{11, 12, 12, 13}, 10, true},
		{"two too many of all questions", 0, 3, []int64{12, 12, 13}, 11, true},
		{"another question", 2, 1, []int64{10, 11, 12, 12, 13}, 0, false},
		{"none is kept", 2, 0, []int64{10, 12, 12, 13}, 11, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kept, until, trimmed := trim(stream, c.question, c.keep)
			var times []int64
			for _, r := range kept {
				times = append(times, r.updated)
			}
			if !slices.Equal(times, c.kept) || until != c.until || trimmed != c.trimmed {
				t.Errorf("%v until %d, %v; want %v until %d, %v", times, until, trimmed, c.kept, c.until,
					c.trimmed)
			}
		})
	}
}
