package qa_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// manyQuestions adds questions to a category, each with a hidden one, an answer and a comment beside it, as
// SQL: through the API they would take too long.
func manyQuestions(t *testing.T, s *testsite.Site, count int, place string) {
	t.Helper()
	first := 1 + s.Scalar(t, "SELECT MAX(postid) FROM {posts}")
	var rows []string
	add := func(id int, kind string, parent any) {
		rows = append(rows, fmt.Sprintf("(%d, '%s', %v, %s, FROM_UNIXTIME(1790000000), '', 'x')", id, kind, parent, place))
	}
	for i := range count {
		id := first + 4*i
		add(id, "Q", "NULL")
		add(id+1, "Q_HIDDEN", "NULL")
		add(id+2, "A", id)
		add(id+3, "C_QUEUED", id+2)
	}
	s.Exec(t, `INSERT INTO {posts} (postid, type, parentid, categoryid, catidpath1, catidpath2, catidpath3, created, format, content)
		VALUES `+strings.Join(rows, ", "))
}

// TestCategoriesJobGoesOn merges categories with many posts and moves others, and stops the job between
// batches again and again. In between people read, ask, answer and move questions, and every count of the
// categories is right. In the end all is as Q2A would have left it.
func TestCategoriesJobGoesOn(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s := testsite.New(t, testsite.On(url))
		manyQuestions(t, s, 300, "3, 1, 2, 3")
		manyQuestions(t, s, 150, "11, 11, NULL, NULL")
		testsite.Recount(t, s.App, false)
		want := readModel(t, s)
		for _, request := range []struct {
			method, path string
			body         object
		}{
			{"POST", "/11/merge", object{"into": 8}}, {"PATCH", "/2", object{"parentId": 8, "slug": "care"}},
			{"PATCH", "/2", object{"parentId": 0}},
		} {
			if status, body, _ := s.Try(t, testsite.AdminHana, request.method, categoriesPath+request.path,
				request.body); status != http.StatusAccepted || body["run"] == nil {
				t.Fatalf("%s %s: %d %v", request.method, request.path, status, body)
			}
		}
		written, stops, batches := 0, 0, 0
		for ; ; stops++ {
			s = testsite.New(t, testsite.On(url)) // another process
			ctx, stop := context.WithCancel(t.Context())
			run, err := s.App.Jobs.Start(ctx, "categories", jobs.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = s.App.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) {
				if batches++; batches%3 == 0 {
					stop()
				}
				if batches < 6 {
					categoriesInUse(t, s, written)
					written++
				}
				countsHold(t, s)
			})
			stop()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if stops < 2 {
			t.Errorf("stopped %d times only", stops)
		}
		want.setParent(12, 8)
		want.setParent(13, 8)
		want.reassign(11, 8)
		want.remove(11)
		want.categories[2].slug = "care"
		want.setParent(2, 8)
		want.setParent(2, 0)
		now := readModel(t, s)
		for id, p := range now.posts { // what was written meanwhile is where it was put
			if was := want.posts[id]; was == nil {
				want.posts[id] = p
			}
		}
		want.posts[1].place[0] = now.posts[1].place[0]
		want.recalculate()
		if off := now.differences(want); len(off) > 0 {
			t.Errorf("%s", strings.Join(off[:min(20, len(off))], "\n"))
		}
		if found := testsite.Recount(t, s.App, true); len(found) > 0 {
			t.Errorf("a recount repairs %q", found[:min(20, len(found))])
		}
	})
}

// categoriesInUse reads and writes in categories that are being moved. Question 1 goes from category 3,
// which moves, into 16 and back.
func categoriesInUse(t *testing.T, s *testsite.Site, round int) {
	t.Helper()
	testsite.Get[object](t, s, "/v1/questions?category=8")
	testsite.Get[object](t, s, "/v1/categories/8")
	category := 3
	if status, _, _ := s.Try(t, testsite.Visitor, "GET", "/v1/categories/11", nil); status == http.StatusOK {
		category = 11 // which is leaving
	}
	q := s.Do(t, testsite.AdminHana, "POST", "/v1/questions", object{
		"title": fmt.Sprintf("Where does this question go, number %d?", round), "content": "We shall see.",
		"categoryId": category,
	})
	s.Answer(t, testsite.ModKenji, q)
	s.Do(t, testsite.ModKenji, "POST", "/v1/questions/1/answers", object{"content": fmt.Sprintf("Answer number %d.", round)})
	s.Do(t, testsite.AdminHana, "PUT", "/v1/questions/1/category", object{"categoryId": []int{16, 3}[round%2]})
}

// countsHold checks that no post is in a category that does not exist, that all posts of a thread are in
// the same one, and that the categories' counts are those of the posts.
func countsHold(t *testing.T, s *testsite.Site) {
	t.Helper()
	for what, query := range map[string]string{
		"posts in categories that do not exist": `SELECT COUNT(*) FROM {posts} p
			LEFT JOIN {categories} c ON c.categoryid = p.categoryid
			LEFT JOIN {categories} c1 ON c1.categoryid = p.catidpath1
			WHERE p.categoryid IS NOT NULL AND (c.categoryid IS NULL OR c1.categoryid IS NULL)`,
		"categories with a wrong count": `SELECT COUNT(*) FROM {categories} c
			WHERE c.qcount <> (SELECT COUNT(*) FROM {posts} p WHERE p.type = 'Q' AND (p.categoryid = c.categoryid
				OR p.catidpath1 = c.categoryid OR p.catidpath2 = c.categoryid OR p.catidpath3 = c.categoryid))`,
	} {
		if n := s.Scalar(t, query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

// TestCategoriesOfAnotherProcess checks that writers who still have the tree of categories as it was put
// questions where the categories are now, and none into one that is gone.
func TestCategoriesOfAnotherProcess(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s, other := testsite.New(t, testsite.On(url)), testsite.New(t, testsite.On(url))
		ask := func(title string, category int) (int, object) {
			status, body, _ := other.Try(t, testsite.AdminHana, "POST", "/v1/questions",
				object{"title": title, "content": "Asked with the old tree.", "categoryId": category})
			return status, body
		}
		for i, change := range []object{{"parentId": 8}, {"parentId": 0}, {"parentId": 14}} {
			testsite.Get[object](t, other, "/v1/categories") // keeps the tree
			s.Try(t, testsite.AdminHana, "PATCH", categoriesPath+"/18", change)
			testsite.RunJob(t, s.App, "categories")
			if status, body := ask(fmt.Sprintf("Which place has this question, number %d?", i), 18); status != http.StatusCreated {
				t.Errorf("%v: %d %v", change, status, body)
			}
			countsHold(t, s)
			if found := testsite.Recount(t, s.App, false); i > 0 && len(found) > 0 {
				t.Errorf("%v: a recount repairs %q", change, found)
			}
		}
		s.Try(t, testsite.AdminHana, "DELETE", categoriesPath+"/18?moveTo=14", nil)
		testsite.Get[object](t, other, "/v1/categories")
		testsite.RunJob(t, s.App, "categories")
		if status, body := ask("Is there a category of this question?", 18); refusal(body) != "categoryId no_category" {
			t.Errorf("in a category that is gone: %d %v", status, body)
		}
		testsite.Get[object](t, other, "/v1/categories")
		s.Try(t, testsite.AdminHana, "POST", categoriesPath, object{"title": "Short-lived"})
		id := s.Scalar(t, "SELECT MAX(categoryid) FROM {categories}")
		s.Do(t, testsite.AdminHana, "GET", fmt.Sprintf("%s/%d", categoriesPath, id), nil)
		s.Try(t, testsite.AdminHana, "DELETE", fmt.Sprintf("%s/%d", categoriesPath, id), nil)
		move := fmt.Sprintf("/v1/questions/%d/category", 1)
		if status, body, _ := other.Try(t, testsite.AdminHana, "PUT", move, object{"categoryId": id}); refusal(body) != "categoryId no_category" {
			t.Errorf("into a category that is gone: %d %v", status, body)
		}
	})
}

// TestMovingCategoriesAreLeftAlone checks that nothing else is done with categories whose posts are being
// moved, as far as it would lose posts, and that the old site may interfere.
func TestMovingCategoriesAreLeftAlone(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		try := func(method, path string, body any) string {
			t.Helper()
			_, res, _ := s.Try(t, testsite.AdminHana, method, categoriesPath+path, body)
			return refusal(res)
		}
		s.Try(t, testsite.AdminHana, "DELETE", categoriesPath+"/14?moveTo=17", nil)
		list := testsite.GetAs[object](t, s, categoriesPath+"/14", testsite.AdminHana)
		if list["movingTo"] != 17.0 || list["leaving"] != true {
			t.Errorf("while it is emptied: %v", list)
		}
		for name, got := range map[string]string{
			"again":             try("DELETE", "/14?moveTo=18", nil),
			"into it":           try("DELETE", "/17?moveTo=14", nil),
			"its target":        try("POST", "/17/merge", object{"into": 18}),
			"new below":         try("POST", "", object{"title": "X", "parentId": 14}),
			"another below":     try("PATCH", "/18", object{"parentId": 14}),
			"posts into it":     try("POST", "/8/move-posts", object{"moveTo": 14}),
			"posts out of it":   try("POST", "/14/move-posts", object{"moveTo": 8}),
			"a merge into it":   try("POST", "/18/merge", object{"into": 14}),
			"posts of its goal": try("POST", "/17/move-posts", object{"moveTo": 8}),
		} {
			if got != "category_moving" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := try("PATCH", "/14", object{"title": "Going"}); got != "<nil>" {
			t.Errorf("a new title: %s", got)
		}
		if got := try("PATCH", "/17", object{"parentId": 18}); got != "<nil>" {
			t.Errorf("its target moves: %s", got)
		}
		s.Exec(t, "UPDATE {posts} SET categoryid = NULL WHERE categoryid = 17")
		s.Exec(t, "DELETE FROM {categories} WHERE categoryid = 17") // by the old site
		testsite.RunJob(t, s.App, "categories")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE categoryid = 14"); n == 0 {
			t.Error("posts went into a category that is gone")
		}
		if got := try("DELETE", "/14?moveTo=none", nil); got != "<nil>" {
			t.Errorf("once more: %s", got)
		}
		testsite.RunJob(t, s.App, "categories")
		countsHold(t, s)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {categories} WHERE categoryid = 14"); n != 0 {
			t.Error("it is still there")
		}
		s.Exec(t, "UPDATE {posts} SET categoryid = 16, catidpath2 = 16 WHERE categoryid = 15")
		s.Exec(t, "UPDATE {categories} SET qcount = 9 WHERE categoryid = 16")
		if got := try("PATCH", "/16", object{"parentId": 0}); got != "<nil>" {
			t.Errorf("its only child leaves: %s", got)
		}
		if status, body, _ := s.Try(t, testsite.AdminHana, "DELETE", categoriesPath+"/15", nil); status != http.StatusAccepted {
			t.Errorf("while paths lead through it: %d %v", status, body)
		}
		countsHold(t, s)
		testsite.RunJob(t, s.App, "categories")
		countsHold(t, s)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {categories} WHERE categoryid = 15"); n != 0 {
			t.Error("it is still there after its paths are gone")
		}
	})
}

// TestTwoAdministratorsOfCategories checks that the second of two administrators who change the same
// category gets 412, however the first one has changed it.
func TestTwoAdministratorsOfCategories(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		tag := func() string {
			res := s.Send(t, testsite.AdminHana, "GET", categoriesPath+"/15", nil)
			testsite.Text(t, res)
			return res.Header.Get("ETag")
		}
		for _, c := range []struct {
			path   string
			change object
		}{
			{"/15", object{"title": "Honey"}}, {"/15", object{"slug": "mitsu"}}, {"/15", object{"description": "Sweet."}},
			{"/8", object{"position": 7}}, {"/15", object{"parentId": 14}},
		} {
			known := tag()
			status, _, _ := s.Try(t, testsite.Superbee, "PATCH", categoriesPath+c.path, c.change)
			if status >= 400 {
				t.Fatalf("%v: %d", c.change, status)
			}
			for _, late := range []struct {
				method, path string
				body         any
			}{
				{"PATCH", "/15", object{"title": "Too late"}}, {"DELETE", "/15", nil},
				{"POST", "/15/merge", object{"into": 18}}, {"POST", "/15/move-posts", object{"moveTo": 18}},
			} {
				if status, _, _ := s.Try(t, testsite.AdminHana, late.method, categoriesPath+late.path, late.body,
					"If-Match", known); status != http.StatusPreconditionFailed {
					t.Errorf("after %v: %s %s: %d", c.change, late.method, late.path, status)
				}
			}
		}
		if status, body, _ := s.Try(t, testsite.AdminHana, "PATCH", categoriesPath+"/15", object{"title": "In time"},
			"If-Match", tag()); status != http.StatusOK {
			t.Errorf("with the right tag: %d %v", status, body)
		}
		first := testsite.GetAs[testsite.List[struct {
			ID   int
			ETag string
		}]](t, s, categoriesPath, testsite.AdminHana).Items[0]
		if status, body, _ := s.Try(t, testsite.AdminHana, "PATCH", fmt.Sprintf("%s/%d", categoriesPath, first.ID),
			object{"title": "Bees of Japan"}, "If-Match", first.ETag); status != http.StatusOK {
			t.Errorf("with the list's tag: %d %v", status, body)
		}
	})
}
