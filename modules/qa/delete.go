package qa

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// registerDeletion adds the operations for deleting posts for good.
func (m *Module) registerDeletion(api huma.API) {
	for path, kind := range map[string]Kind{
		"questions": KindQuestion, "answers": KindAnswer, "comments": KindComment,
	} {
		web.Register(api,
			writeOperation("delete-"+kind.name(), http.MethodDelete, path+"/{id}",
				"Delete a hidden "+kind.name()+" for good", "Only a hidden one that nothing stands below."),
			func(ctx context.Context, in *postID) (*struct{}, error) {
				return m.deletePost(ctx, in.ID, kind)
			},
		)
	}
}

// deletePost deletes a hidden post for good.
func (m *Module) deletePost(ctx context.Context, id int, kind Kind) (*struct{}, error) {
	_, err := m.change(ctx, id, []Kind{kind}, wholeThread, func(c *change, p *post) (int, error) {
		return 0, c.deleteForGood(p)
	})
	return nil, err
}

// deleteForGood deletes a hidden post, and with a question its closing note. The problem is has_replies if
// other posts refer to the post.
func (c *change) deleteForGood(p *post) error {
	if err := c.may(deleting, p); err != nil {
		return err
	}
	referred, err := c.referred(p)
	if err != nil {
		return err
	}
	if referred {
		return problem.New(codeHasReplies)
	}
	return c.delete(p)
}

// deletePosts deletes the posts that the action removes; the rows that belong to them are deleted with
// them.
func (c *change) deletePosts() error {
	for _, p := range c.removed {
		if _, err := c.Tx.Exec(c.Ctx, "DELETE FROM {posts} WHERE postid = ?", p.id); err != nil {
			return fmt.Errorf("delete a post: %w", err)
		}
		if p.kind == KindNote {
			continue // which nobody can edit
		}
		if err := dropVersions(c.Ctx, c.Tx, p.id); err != nil {
			return err
		}
	}
	return nil
}
