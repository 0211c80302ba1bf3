package qa_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestZZ(t *testing.T) {
	s := testsite.New(t)
	for _, r := range []struct {
		m, p string
		b    any
	}{
		{"PATCH", "/11", object{"title": "Pests", "parentId": 8}}, {"POST", "", object{"title": "新カテゴリ", "parentId": 15}},
		{"POST", "/14/merge", object{"into": 17}}, {"DELETE", "/4?moveTo=3", nil}, {"DELETE", "/18", nil}, {"PATCH", "/1", object{"parentId": 4, "slug": "a/b"}},
		{"GET", "/9", nil},
	} {
		res := s.Send(t, testsite.AdminHana, r.m, categoriesPath+r.p, r.b)
		t.Log(r.m, r.p, res.StatusCode, res.Header.Get("ETag"), testsite.Text(t, res))
	}
}
