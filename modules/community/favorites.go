package community

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

type favoriteInput struct {
	Type string `path:"type" enum:"question,user,tag,category" doc:"What kind of thing it is"`
	ID   string `path:"id" maxLength:"900" doc:"Id of a question; handle of a user; tag; id of a category, or its path of slugs with / written as %2F. Users and tags are also found by their ids, where nobody has such a handle and no question such a tag"`
}

// favoriteKinds are Q2A's letters for what can be a favourite, and the beginnings of the names of the
// events and the names of their only parameter.
var favoriteKinds = map[string]struct{ kind, event, param string }{
	"question": {"Q", "q", "postid"},
	"user":     {"U", "u", "userid"},
	"tag":      {"T", "tag", "wordid"},
	"category": {"C", "cat", "categoryid"},
}

// registerFavorites adds the operations that change the caller's favourites.
func (m *Module) registerFavorites(api huma.API) {
	operation := func(id, method, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/favorites/{type}/{id}",
			Tags: []string{"Me"}, Summary: summary, Description: description,
			DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, operation("add-favorite", http.MethodPut, "Follow a question, a user, a tag or a category",
		"What happens to it is in one's updates from then on, and what happened lately at once."),
		m.addFavorite)
	web.Register(api, operation("remove-favorite", http.MethodDelete,
		"Follow something no more", "What happened to it is no longer in one's updates."), m.removeFavorite)
}

func (m *Module) addFavorite(ctx context.Context, in *favoriteInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	e, err := m.followable(ctx, in)
	if err != nil {
		return nil, err
	}
	if e := mayFollow(caller, e, auth.Permit(o, caller, option.None, caller.Level)); e != nil {
		return nil, e
	}
	added := false
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		added, err = follow(ctx, w.Tx, w.Options, caller.UserID, e)
		if err != nil || !added {
			return 0, err
		}
		of := favoriteKinds[in.Type]
		w.Report(of.event+"_favorite", of.param, e.id)
		return 0, w.Wrote()
	})
	if err == nil && added {
		err = m.catchUpAgain(ctx, o, caller.UserID, e)
	}
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}

// mayFollow returns the problem if the caller may not follow the entity. Nobody can follow themself;
// everything else is open to all but those who are blocked, which is why permitted is asked for. Q2A lets
// these follow too, but others see who follows them.
func mayFollow(caller auth.Caller, e entity, permitted auth.Reason) *problem.Error {
	switch {
	case e == entity{"U", caller.UserID}:
		return problem.New(auth.CodeOwnAccount)
	case permitted == auth.UserBlocked || permitted == auth.IPBlocked:
		return permitted.Problem()
	}
	return nil
}

func (m *Module) removeFavorite(ctx context.Context, in *favoriteInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	e, err := m.followed(ctx, in)
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		removed, err := unfollow(ctx, w.Tx, caller.UserID, e)
		if err != nil || !removed {
			return 0, err
		}
		of := favoriteKinds[in.Type]
		w.Report(of.event+"_unfavorite", of.param, e.id)
		return 0, w.Wrote()
	})
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}

// followable returns what a request to follow names. The error is a problem if there is no such thing,
// or it is a question that the caller may not see.
func (m *Module) followable(ctx context.Context, in *favoriteInput) (entity, error) {
	switch id := numericID(in.ID); in.Type {
	case "question":
		if id == 0 {
			return entity{}, problem.NotFound()
		}
		return entity{"Q", id}, m.qa.MaySeeQuestion(ctx, id)
	case "user":
		userID, err := m.userNamed(ctx, in.ID)
		return entity{"U", userID}, err
	case "tag":
		word, err := m.tagNamed(ctx, in.ID)
		return entity{"T", word}, err
	default:
		c, err := m.qa.FindCategory(ctx, in.ID)
		if err == nil && c == nil {
			err = problem.NotFound()
		}
		if err != nil {
			return entity{}, err
		}
		return entity{"C", c.ID}, nil
	}
}

// followed returns what a request to follow no more names. Unlike followable, it takes the id of
// something that is gone, or that the caller may not see.
func (m *Module) followed(ctx context.Context, in *favoriteInput) (entity, error) {
	id := numericID(in.ID)
	if in.Type == "question" && id != 0 {
		return entity{"Q", id}, nil
	}
	e, err := m.followable(ctx, in)
	if isNotFound(err) && id != 0 {
		return entity{favoriteKinds[in.Type].kind, id}, nil
	}
	return e, err
}

// isNotFound reports whether err is the problem not_found.
func isNotFound(err error) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == problem.CodeNotFound
}

// numericID returns the id that the text is the decimal form of, or 0 if it is not.
func numericID(text string) int {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil || strconv.FormatUint(id, 10) != text {
		return 0
	}
	return int(id)
}

// userNamed returns the id of the user who has the handle or, if nobody has it, the id.
func (m *Module) userNamed(ctx context.Context, handleOrID string) (int, error) {
	a, err := m.auth.AccountByHandle(ctx, handleOrID)
	if id := numericID(handleOrID); isNotFound(err) && id != 0 {
		accounts, err := m.auth.Accounts(ctx, "u.userid = ?", id)
		if err != nil {
			return 0, err
		}
		if len(accounts) == 1 {
			return id, nil
		}
	}
	return a.ID, err
}

// tagNamed returns the id of the word that is the tag or, if no question has the tag, that has the id.
func (m *Module) tagNamed(ctx context.Context, tagOrID string) (int, error) {
	word, err := m.qa.TagID(ctx, tagOrID)
	if err == nil && word == 0 {
		if id := numericID(tagOrID); id != 0 {
			word, err = m.qa.TagWithID(ctx, id)
		}
	}
	if err == nil && word == 0 {
		err = problem.NotFound()
	}
	return word, err
}
