package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// Voter is a user who has voted on a post or flagged it.
type Voter struct {
	User    *auth.Author `json:"user"`
	Vote    int          `json:"vote" enum:"1,0,-1" doc:"The user's vote, 0 for none"`
	Flagged bool         `json:"flagged" doc:"Whether the user has flagged it"`
}

type votersInput struct {
	ID     int    `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"100" doc:"How many users"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
}

type votersOutput struct{ Body web.List[Voter] }

// registerVoters adds the operation that lists who voted on a post and who flagged it.
func (m *Module) registerVoters(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-voters", Method: http.MethodGet, Path: "/v1/posts/{id}/voters",
		Tags: []string{"Moderation"}, Summary: "Who voted on a post, and who flagged it",
		Description: "For those whom the option permit_view_voters_flaggers names, by id.",
		Errors:      []int{http.StatusForbidden, http.StatusNotFound},
	}, m.listVoters)
}

// voterPosition is a place in the list of voters, by id.
type voterPosition struct {
	ID int `json:"id"`
}

// Valid reports whether a user can be at this place.
func (p *voterPosition) Valid() bool { return web.ValidID(p.ID) }

func (m *Module) listVoters(ctx context.Context, in *votersInput) (*votersOutput, error) {
	o, _, p, err := m.openPost(ctx, in.ID, anyKind, nil)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if refusal := auth.Refusal(o, caller, option.PermitViewVotersFlaggers,
		caller.LevelIn(p.categoryPath...)); refusal != nil {
		return nil, refusal
	}
	list := "voters:" + itoa(in.ID)
	var after voterPosition
	if in.Cursor != "" {
		if err := web.DecodeCursor(list, in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	out := &votersOutput{Body: web.List[Voter]{Items: []Voter{}}}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var id, flag int
		var v Voter
		var author auth.AuthorScan
		err := rows.Scan(append([]any{&id, &v.Vote, &flag}, author.Dest()...)...)
		v.User, v.Flagged = author.Author(o, id), flag != 0
		out.Body.Items = append(out.Body.Items, v)
		return err
	}, `SELECT v.userid, v.vote, v.flag, `+auth.ActorColumns+`
		FROM {uservotes} v
		JOIN {users} nu ON nu.userid = v.userid`+auth.ActorJoin("v.userid")+`
		WHERE v.postid = ? AND (v.vote <> 0 OR v.flag <> 0) AND v.userid > ?
		ORDER BY v.userid
		LIMIT ?`, in.ID, after.ID, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("read who voted on a post: %w", err)
	}
	if items := out.Body.Items; len(items) > in.Limit {
		out.Body.Items = items[:in.Limit]
		out.Body.NextCursor = web.EncodeCursor(list, &voterPosition{items[in.Limit-1].User.ID})
	}
	return out, nil
}
