package ranking

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type titlesBody struct {
	Titles []site.UserTitle `json:"titles" maxItems:"100" doc:"Names of users by their points, the highest first"`
}

type (
	titlesInput  struct{ Body titlesBody }
	titlesOutput struct {
		ETag string `header:"ETag"`
		Body titlesBody
	}
)

// titlesShown returns the response that shows the titles of the option.
func titlesShown(o *site.Options) *titlesOutput {
	return &titlesOutput{web.RevisionTag(titlesRevision(o)), titlesBody{sortedTitles(o.Titles())}}
}

// titlesRevision returns a text that changes with every change of the titles.
func titlesRevision(o *site.Options) string {
	return "titles-" + strconv.FormatUint(xxhash.Sum64String(o.String(option.PointsToTitles)), 36)
}

func (m *Module) registerTitles(api huma.API) {
	op := func(id, method, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/titles",
			Summary: summary, Tags: []string{"Administration"}, Errors: []int{http.StatusForbidden}}
	}
	get := op("get-titles", http.MethodGet, "The titles that users have by their points")
	get.Description = "They are shown where the site's option show_user_titles is on."
	web.Register(api, get, auth.ForAdmins(func(ctx context.Context, _ *struct{}) (*titlesOutput, error) {
		// Options that this process keeps may be older than those of another, which the ETag must not hide.
		o, err := site.Stored(ctx, m.db, option.PointsToTitles)
		if err != nil {
			return nil, err
		}
		return titlesShown(o), nil
	}))
	set := op("set-titles", http.MethodPut, "Set the titles that users have by their points")
	set.Description = "With the ETag of what was read in If-Match, somebody else's change since is not " +
		"overwritten."
	set.Errors = append(set.Errors, http.StatusPreconditionFailed)
	web.Register(api, set,
		auth.ForAdmins(func(ctx context.Context, in *titlesInput) (*titlesOutput, error) {
			return m.setTitles(ctx, in.Body.Titles)
		}))
}

// sortedTitles returns a copy of the list in the order in which Q2A's admin page stores titles:
// those for the most points first.
func sortedTitles(list []site.UserTitle) []site.UserTitle {
	list = append([]site.UserTitle{}, list...)
	slices.SortStableFunc(list, func(a, b site.UserTitle) int { return cmp.Compare(b.Points, a.Points) })
	return list
}

func (m *Module) setTitles(ctx context.Context, list []site.UserTitle) (*titlesOutput, error) {
	var wrong []problem.Field
	points := map[int]bool{}
	for i := range list {
		name := fmt.Sprintf("titles[%d].", i)
		list[i].Title = strings.Join(strings.Fields(list[i].Title), " ")
		switch {
		case list[i].Title == "":
			wrong = append(wrong, problem.Field{Name: name + "title", Code: problem.FieldRequired})
		case strings.ContainsAny(list[i].Title, ",<>") || database.BeyondQ2A(list[i].Title):
			wrong = append(wrong,
				problem.Field{Name: name + "title", Code: problem.FieldBadCharacters, Args: []any{", < >"}})
		}
		if points[list[i].Points] {
			wrong = append(wrong, problem.Field{Name: name + "points", Code: problem.FieldDuplicate})
		}
		points[list[i].Points] = true
	}
	if len(wrong) > 0 {
		return nil, problem.Invalid(wrong...)
	}
	list = sortedTitles(list)
	pairs := make([]string, len(list))
	for i, t := range list {
		pairs[i] = strconv.Itoa(t.Points) + " " + t.Title
	}
	titles := strings.Join(pairs, ",")
	var after *site.Options
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		before, err := site.Locked(ctx, tx, option.PointsToTitles)
		if err != nil {
			return err
		}
		if err := web.CheckMatch(ctx, titlesRevision(before)); err != nil {
			return err
		}
		values := map[option.Key]string{option.PointsToTitles: titles}
		after = before.With(values)
		if err := site.Set(ctx, tx, values); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Option, Subject: option.PointsToTitles.Name(),
			Before: before.String(option.PointsToTitles), After: titles})
	})
	if err != nil {
		return nil, err
	}
	m.site.Forget()
	return titlesShown(after), nil
}
