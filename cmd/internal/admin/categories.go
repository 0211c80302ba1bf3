package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/qa"
)

const categoriesUsage = `usage: admin categories                    list the categories with their ids and numbers of questions
       admin categories move ID PARENT   put a category below another one, or at the top if PARENT is 0
       admin categories merge ID INTO    put the posts and subcategories of a category into another one, and delete it`

// categoriesCommand implements `admin categories …`.
func categoriesCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintln(out, categoriesUsage)
		return flag.ErrHelp
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	return changeCategories(ctx, app.QA, args, out)
}

// changeCategories does what the arguments of the command say.
func changeCategories(ctx context.Context, m *qa.Module, args []string, out io.Writer) error {
	if len(args) == 0 || len(args) == 1 && args[0] == "list" {
		list, err := m.CategoryDefinitions(ctx)
		listCategories(list, "", out)
		return err
	}
	change := map[string]func(context.Context, int, int) (*jobs.RunInfo, error){
		"move": m.MoveCategory, "merge": m.MergeCategory,
	}[args[0]]
	if change == nil || len(args) != 3 {
		return errors.New(categoriesUsage)
	}
	id, err := strconv.Atoi(args[1])
	other, otherErr := strconv.Atoi(args[2])
	if err != nil || otherErr != nil {
		return errors.New(categoriesUsage)
	}
	run, err := change(audit.Command(ctx, "admin categories "+args[0]), id, other)
	if err != nil {
		return err
	}
	if run != nil {
		fmt.Fprintln(out, "posts are concerned: a running server takes them along, or `admin jobs run categories`")
	}
	return nil
}

func listCategories(list []qa.CategoryDefinition, indent string, out io.Writer) {
	for _, c := range list {
		fmt.Fprintf(out, "%5d %s%s (%s): %d questions\n", c.ID, indent, c.Title, c.Path, c.QuestionCount)
		listCategories(c.Children, indent+"  ", out)
	}
}
