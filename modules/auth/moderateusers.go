package auth

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
)

// userActions are what can be done with many users in one request. Each is the use case of an operation for a
// single user.
var userActions = map[string]func(*action, *target) error{
	"approve": (*action).approve, "block": (*action).block, "unblock": (*action).unblock,
}

type moderateUsersInput struct {
	Body struct {
		Action string `json:"action" enum:"approve,block,unblock" doc:"What is to be done with each user"`
		IDs    []int  `json:"ids" minItems:"1" maxItems:"100" uniqueItems:"true" minimum:"1" maximum:"4294967295" doc:"Ids of the users, in the order in which they are dealt with"`
	}
}

// UserOutcome is what has become of one of the users of a request.
type UserOutcome struct {
	ID      int           `json:"id" doc:"Id of the user"`
	Done    bool          `json:"done" doc:"Whether the account is now as was asked for"`
	User    *AccountState `json:"user,omitempty" doc:"The account as it is now; absent where nothing was done"`
	Problem *web.Problem  `json:"problem,omitempty" doc:"Why it was not done: the problem with which the operation for this user alone would have been refused"`
}

type moderateUsersOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         web.List[UserOutcome]
}

// registerModerateUsers adds the operation for many users.
func (m *Module) registerModerateUsers(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "moderate-users", Method: http.MethodPost, Path: "/v1/admin/users/actions",
		Tags: []string{"Moderation"}, Summary: "Approve, block or unblock up to 100 users",
		Description: "Each user is dealt with as by the operation for that user alone, by its rules and in a " +
			"transaction of its own; the items say what became of each, in the order of the request. A user for " +
			"whom it is refused does not keep the others from being dealt with. With an Idempotency-Key the request " +
			"can be sent again after it was cut off: what was done then is not done again. For moderators.",
		Errors: []int{http.StatusForbidden, http.StatusConflict},
	}, m.moderateUsers)
}

func (m *Module) moderateUsers(ctx context.Context, in *moderateUsersInput) (*moderateUsersOutput, error) {
	if err := m.RequireModerator(ctx); err != nil {
		return nil, err
	}
	out := &moderateUsersOutput{}
	var err error
	out.Body.Items, out.CacheControl, err = web.Parts(ctx, m.db, in.Body.IDs,
		func(ctx context.Context, id int) (UserOutcome, error) {
			state, err := m.moderateUser(ctx, id, userActions[in.Body.Action])
			return UserOutcome{ID: id, Done: true, User: state}, err
		}, func(id int, p *web.Problem) UserOutcome { return UserOutcome{ID: id, Problem: p} })
	return out, err
}

// moderateUser runs a use case on one of the users of a request, and returns the new state of the account. It
// is nil if the account is gone since the use case was run for an earlier request with the same key.
func (m *Module) moderateUser(
	ctx context.Context, id int, use func(*action, *target) error,
) (*AccountState, error) {
	var state *AccountState
	_, err := m.transactIn(ctx, web.Once, func(a *action) (int, error) {
		after, err := a.administer(id, use)
		state = &after
		return 0, err
	})
	if err != nil || state != nil {
		return state, err
	}
	users, err := findUsers(ctx, m.db, "userid = ?", id)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	levels, err := categoryLevels(ctx, m.db, id)
	if err != nil {
		return nil, err
	}
	after := accountState(users[0], levels)
	return &after, nil
}
