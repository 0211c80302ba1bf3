package ranking

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// pointWeights are the settings of Q2A's points page. The struct tag `option` names the option that
// holds each.
type pointWeights struct {
	Base     int `json:"base" option:"points_base" minimum:"-1000000" maximum:"1000000" doc:"Points that everybody has from the start"`
	Multiple int `json:"multiple" option:"points_multiple" minimum:"0" maximum:"1000" doc:"Multiplies all others but base"`

	PostQuestion int `json:"postQuestion" option:"points_post_q" minimum:"-1000" maximum:"1000" doc:"For a question"`
	SelectAnswer int `json:"selectAnswer" option:"points_select_a" minimum:"-1000" maximum:"1000" doc:"For choosing a best answer"`
	PostAnswer   int `json:"postAnswer" option:"points_post_a" minimum:"-1000" maximum:"1000" doc:"For an answer"`
	BestAnswer   int `json:"bestAnswer" option:"points_a_selected" minimum:"-1000" maximum:"1000" doc:"For an answer that was chosen"`

	QuestionVotedUp   int `json:"questionVotedUp" option:"points_per_q_voted_up" minimum:"-1000" maximum:"1000" doc:"For each vote for one's question"`
	QuestionVotedDown int `json:"questionVotedDown" option:"points_per_q_voted_down" minimum:"-1000" maximum:"1000" doc:"Taken for each vote against one's question"`
	QuestionMaxGain   int `json:"questionMaxGain" option:"points_q_voted_max_gain" minimum:"0" maximum:"100000" doc:"Most points by votes for one question"`
	QuestionMaxLoss   int `json:"questionMaxLoss" option:"points_q_voted_max_loss" minimum:"0" maximum:"100000" doc:"Most points lost by votes against one question"`
	AnswerVotedUp     int `json:"answerVotedUp" option:"points_per_a_voted_up" minimum:"-1000" maximum:"1000" doc:"For each vote for one's answer"`
	AnswerVotedDown   int `json:"answerVotedDown" option:"points_per_a_voted_down" minimum:"-1000" maximum:"1000" doc:"Taken for each vote against one's answer"`
	AnswerMaxGain     int `json:"answerMaxGain" option:"points_a_voted_max_gain" minimum:"0" maximum:"100000" doc:"Most points by votes for one answer"`
	AnswerMaxLoss     int `json:"answerMaxLoss" option:"points_a_voted_max_loss" minimum:"0" maximum:"100000" doc:"Most points lost by votes against one answer"`
	CommentVotedUp    int `json:"commentVotedUp" option:"points_per_c_voted_up" minimum:"-1000" maximum:"1000" doc:"For each vote for one's comment"`
	CommentVotedDown  int `json:"commentVotedDown" option:"points_per_c_voted_down" minimum:"-1000" maximum:"1000" doc:"Taken for each vote against one's comment"`
	CommentMaxGain    int `json:"commentMaxGain" option:"points_c_voted_max_gain" minimum:"0" maximum:"100000" doc:"Most points by votes for one comment"`
	CommentMaxLoss    int `json:"commentMaxLoss" option:"points_c_voted_max_loss" minimum:"0" maximum:"100000" doc:"Most points lost by votes against one comment"`

	VoteQuestionUp   int `json:"voteQuestionUp" option:"points_vote_up_q" minimum:"-1000" maximum:"1000" doc:"For voting for a question"`
	VoteQuestionDown int `json:"voteQuestionDown" option:"points_vote_down_q" minimum:"-1000" maximum:"1000" doc:"For voting against a question"`
	VoteAnswerUp     int `json:"voteAnswerUp" option:"points_vote_up_a" minimum:"-1000" maximum:"1000" doc:"For voting for an answer"`
	VoteAnswerDown   int `json:"voteAnswerDown" option:"points_vote_down_a" minimum:"-1000" maximum:"1000" doc:"For voting against an answer"`
}

// weightsOf returns the weights that the options hold.
func weightsOf(o *site.Options) pointWeights {
	var w pointWeights
	v := reflect.ValueOf(&w).Elem()
	for i, f := range weightFields() {
		v.Field(i).SetInt(int64(o.Int(option.Of(f.Tag.Get("option")))))
	}
	return w
}

// options returns the weights as values of options.
func (w *pointWeights) options() map[option.Key]string {
	values := map[option.Key]string{}
	v := reflect.ValueOf(*w)
	for i, f := range weightFields() {
		values[option.Of(f.Tag.Get("option"))] = strconv.FormatInt(v.Field(i).Int(), 10)
	}
	return values
}

func weightFields() []reflect.StructField {
	return reflect.VisibleFields(reflect.TypeFor[pointWeights]())
}

type weightsInput struct{ Body pointWeights }

type weightsOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Weights pointWeights  `json:"weights" doc:"Those that all points follow now"`
		Next    *pointWeights `json:"next,omitempty" doc:"Those that all points are being computed with; they take effect together with the points"`
		Run     *jobs.RunInfo `json:"run,omitempty" doc:"How far that is"`
	}
}

// weightsJob is the job that computes all points with the next weights.
const weightsJob = "points"

// Jobs starts runs of jobs; *jobs.Manager is one.
type Jobs interface {
	// Request queues a run of the named job. History returns its latest runs, at most limit.
	Request(ctx context.Context, name string, o jobs.Options) (*jobs.Run, error)
	History(ctx context.Context, name string, limit int) ([]*jobs.Run, error)
}

func (m *Module) registerWeights(api huma.API) {
	op := func(id, method, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/points",
			Summary: summary, Tags: []string{"Administration"}, Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, op("get-point-weights", http.MethodGet, "What earns how many points"),
		auth.ForAdmins(func(ctx context.Context, _ *struct{}) (*weightsOutput, error) {
			return m.weights(ctx)
		}))
	set := op("set-point-weights", http.MethodPut, "Change what earns how many points")
	set.Description = "Everybody's points are computed anew in the background (the job " + weightsJob +
		"); until that is done the old weights and points go on. Both change at the same moment. " +
		"Weights that were set before and have not taken effect yet are replaced. With the ETag of what was " +
		"read in If-Match, those that somebody else has set since are not."
	set.DefaultStatus = http.StatusAccepted
	set.Errors = append(set.Errors, http.StatusPreconditionFailed)
	web.Register(api, set, auth.ForAdmins(func(ctx context.Context, in *weightsInput) (*weightsOutput, error) {
		if err := m.setWeights(ctx, &in.Body); err != nil {
			return nil, err
		}
		return m.weights(ctx)
	}))
}

func (m *Module) weights(ctx context.Context) (*weightsOutput, error) {
	// Options that this process keeps may be older than those of another, which the ETag must not hide.
	o, err := site.Stored(ctx, m.db, weightKeys()...)
	if err != nil {
		return nil, err
	}
	out := &weightsOutput{}
	out.Body.Weights = weightsOf(o)
	if out.Body.Next, err = nextWeights(ctx, m.db); err != nil {
		return nil, err
	}
	out.ETag = web.RevisionTag(weightsRevision(&out.Body.Weights, out.Body.Next))
	if out.Body.Next == nil {
		return out, nil
	}
	runs, err := m.jobs.History(ctx, weightsJob, 1)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		out.Body.Run = r.Info()
	}
	return out, nil
}

// weightKeys returns the options that hold the weights, and those from which Q2A takes the weights when these
// are not set.
func weightKeys() []option.Key {
	keys := []option.Key{option.PointsVoteOnQ, option.PointsVoteOnA, option.PointsPerQVoted,
		option.PointsPerAVoted}
	for _, f := range weightFields() {
		keys = append(keys, option.Of(f.Tag.Get("option")))
	}
	return keys
}

// weightsRevision returns a text that changes when other weights are set. It does not when they take effect.
func weightsRevision(now, next *pointWeights) string {
	if next == nil {
		next = now
	}
	return "points-" + strconv.FormatUint(xxhash.Sum64String(fmt.Sprint(*next)), 36)
}

// nextState is the name of the row of q2ab_state that holds the weights which have not taken effect
// yet.
const nextState = "points"

// nextWeights returns the weights that have not taken effect yet, or nil if there are none.
func nextWeights(ctx context.Context, db *database.DB) (*pointWeights, error) {
	var text string
	found, err := db.Get(ctx, []any{&text}, "SELECT content FROM {q2ab_state} WHERE name = ?", nextState)
	w := &pointWeights{}
	if err == nil && found {
		err = json.Unmarshal([]byte(text), w)
	}
	if err != nil {
		return nil, fmt.Errorf("read the next weights: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // none is not an error
	}
	return w, nil
}

// setWeights stores the weights as the next ones and requests a run of the job. A run that is under
// way notices by itself that they have changed.
func (m *Module) setWeights(ctx context.Context, w *pointWeights) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		// The job of weights locks in this order too. Whoever else sets weights waits at the options at the
		// latest, and what is next is read after that.
		if _, err := lockedWeights(ctx, tx); err != nil {
			return err
		}
		o, err := site.Locked(ctx, tx, weightKeys()...)
		if err != nil {
			return err
		}
		now := weightsOf(o)
		next, err := nextWeights(ctx, tx)
		if err != nil {
			return err
		}
		if err := web.CheckMatch(ctx, weightsRevision(&now, next)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx,
			"INSERT INTO {q2ab_state} (name, content, updated) VALUES (?, ?, FROM_UNIXTIME(?))"+
				tx.Overwrite("name", "content", "updated"),
			nextState, string(text), tx.Now())
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM {q2ab_points_next}") // they were computed by other weights
		}
		if err != nil {
			return fmt.Errorf("store the next weights: %w", err)
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Option, Subject: "points_*",
			Before: now, After: w})
	})
	if err != nil {
		return err
	}
	_, err = m.jobs.Request(ctx, weightsJob, jobs.Options{})
	return err
}
