package jobs

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
)

// mover returns a job with parameters of every kind and one step, which does the given batch.
func mover(batch func(context.Context, int, *Work) (int, error)) Job {
	steps := []Step{{Name: "only", Batch: batch}}
	return Job{Name: "move", On: []string{"q_post"}, Steps: steps, Parameters: []Parameter{
		{Name: "verify", Doc: "reads again what was written", Flag: true},
		{Name: "keep-for-php", Doc: "keeps files in a folder"},
		{Name: "rate", Doc: "images a second", Check: func(value string) error {
			switch {
			case value == "0":
				return problem.Invalid(problem.Field{Code: problem.FieldTooSmall, Args: []any{1}})
			case len(value) > 3:
				return errors.New("no disk is so fast")
			}
			return nil
		}},
	}}
}

func nothing(context.Context, int, *Work) (int, error) { return 0, nil }

// TestParametersThatAJobTakes checks that parameters that the job does not know, and values that it cannot
// use, are refused with a message for each field, in English and Japanese.
func TestParametersThatAJobTakes(t *testing.T) {
	for name, c := range map[string]struct {
		given  map[string]string
		en, ja string
	}{
		"none":                   {nil, "", ""},
		"all":                    {map[string]string{"verify": "true", "keep-for-php": "/srv/写真", "rate": "20"}, "", ""},
		"one that is not known":  {map[string]string{"purge": "true"}, "parameters.purge is not known here", "認識できない項目です"},
		"a switch that is off":   {map[string]string{"verify": "false"}, "parameters.verify must be one of true", "true のいずれかで指定してください"},
		"a switch with nonsense": {map[string]string{"verify": ""}, "parameters.verify must be one of true", "true のいずれかで指定してください"},
		"a problem of the job's": {map[string]string{"rate": "0"}, "parameters.rate must be at least 1", "1 以上で指定してください"},
		"an error of the job's":  {map[string]string{"rate": "1000"}, "parameters.rate cannot be used: no disk is so fast", "この値は使えません（no disk is so fast）"},
		"a long value":           {map[string]string{"keep-for-php": strings.Repeat("x", maxValue+1)}, "parameters.keep-for-php must have at most 1000 characters", "1000 文字以下で指定してください"},
		"no text":                {map[string]string{"keep-for-php": "\xff"}, "parameters.keep-for-php is not valid UTF-8 text", "正しい UTF-8 の文字列ではありません"},
		"two":                    {map[string]string{"rate": "0", "a": ""}, "parameters.a is not known here; parameters.rate must be at least 1", "認識できない項目です"},
	} {
		err := mover(nothing).check(c.given)
		var p *problem.Error
		switch {
		case c.en == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case !errors.As(err, &p) || p.Status() != 422:
			t.Errorf("%s: %v", name, err)
		case p.Error() != "validation: "+c.en || p.Fields[0].Message(problem.Japanese) != c.ja:
			t.Errorf("%s: %v, %s", name, p, p.Fields[0].Message(problem.Japanese))
		}
	}
}

// TestNamesOfParameters checks that New panics on a job whose parameters have names that the command line
// could not tell apart or could not take as flags.
func TestNamesOfParameters(t *testing.T) {
	for _, names := range [][]string{
		{"dry-run"}, {"help"}, {"rate", "rate"}, {""}, {"-rate"}, {"rate=1"}, {"Rate"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q are taken for names", names)
				}
			}()
			j := Job{Name: "move"}
			for _, name := range names {
				j.Parameters = append(j.Parameters, Parameter{Name: name})
			}
			New(nil, Settings{}, j)
		}()
	}
}

// TestParametersGoWithTheRun checks that a manager that goes on with an interrupted run gets the same
// parameters as the one before, and that nobody can start the job with other options meanwhile.
func TestParametersGoWithTheRun(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		asked := Options{
			DryRun:     true,
			Parameters: map[string]string{"verify": "true", "keep-for-php": "/srv/写真"},
		}
		var told []map[string]string
		tell := func(w *Work) {
			if !w.DryRun {
				t.Error("it is no dry run any more")
			}
			told = append(told, w.Parameters)
		}
		ctx, stop := context.WithCancel(t.Context())
		first := New(s.openAt(t, nil), Settings{}, mover(func(
			_ context.Context, _ int, w *Work,
		) (int, error) {
			tell(w)
			stop()
			return 1, nil
		}))
		run, err := first.Start(ctx, "move", asked)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Work(ctx, run, nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		second := New(s.openAt(t, nil), Settings{}, mover(func(
			_ context.Context, after int, w *Work,
		) (int, error) {
			if after != 1 {
				t.Errorf("it begins at %d", after)
			}
			tell(w)
			return 0, nil
		}))
		for _, o := range []Options{
			{DryRun: true}, {Parameters: asked.Parameters},
			{DryRun: true, Parameters: map[string]string{"verify": "true"}},
		} {
			other, err := second.Start(t.Context(), "move", o)
			if err != nil || other.ID != run.ID || other.Matches(o) || other.held {
				t.Errorf("%+v: %+v, %v", o, other, err)
			}
		}
		same, err := second.Start(t.Context(), "move", asked)
		if err != nil || same.ID != run.ID || !same.Matches(asked) {
			t.Fatalf("with the same: %+v, %v", same, err)
		}
		if err := second.Work(t.Context(), same, nil); err != nil {
			t.Fatal(err)
		}
		if len(told) != 2 || !maps.Equal(told[0], asked.Parameters) ||
			!maps.Equal(told[1], asked.Parameters) {
			t.Errorf("told %q", told)
		}
		history, err := second.History(t.Context(), "move", 5)
		if err != nil || len(history) != 1 || !maps.Equal(history[0].Parameters, asked.Parameters) {
			t.Errorf("history %+v, %v", history, err)
		}
	})
}

// TestParametersThatThisReleaseDoesNotKnow checks that a run whose parameters this release does not know
// fails without doing a batch, instead of running without them.
func TestParametersThatThisReleaseDoesNotKnow(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.openAt(t, nil)
		if _, err := New(db, Settings{}, mover(nothing)).Request(t.Context(), "move",
			Options{Parameters: map[string]string{"rate": "5"}}); err != nil {
			t.Fatal(err)
		}
		earlier := New(db, Settings{Poll: time.Millisecond}, Job{Name: "move", Steps: []Step{{
			Name: "only",
			Batch: func(context.Context, int, *Work) (int, error) {
				t.Error("it is done all the same")
				return 0, nil
			},
		}}})
		run, err := earlier.takeOne(t.Context(), []string{"move"})
		if err != nil || run == nil {
			t.Fatal(run, err)
		}
		if err := earlier.Work(t.Context(), run, nil); err == nil || run.Status != Failed ||
			!strings.Contains(run.Message, "parameters.rate is not known here") {
			t.Errorf("%+v, %v", run, err)
		}
	})
}

// TestEventsAskForRunsOfTheirOwn checks that an event asks for a run without parameters of its own where one
// with parameters waits, and that a request with other parameters does not change the run that waits.
func TestEventsAskForRunsOfTheirOwn(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.openAt(t, nil)
		m := New(db, Settings{}, mover(nothing))
		if _, err := m.Request(t.Context(), "move",
			Options{Parameters: map[string]string{"rate": "5"}}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			err := db.Tx(t.Context(), func(tx *database.DB) error {
				return m.HandleEvent(t.Context(), tx, events.Event{Name: "q_post"})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		history, err := m.History(t.Context(), "move", 5)
		if err != nil || len(history) != 2 || history[0].Parameters != nil ||
			len(history[1].Parameters) != 1 {
			t.Errorf("history %+v, %v", history, err)
		}
		other := Options{Parameters: map[string]string{"rate": "6"}}
		if run, err := m.Request(t.Context(), "move", other); err != nil || run.ID != history[1].ID ||
			run.Matches(other) {
			t.Errorf("other parameters meanwhile: %+v, %v", run, err)
		}
	})
}
