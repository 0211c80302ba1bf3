package community

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with what members keep here.
var codeTooManyDrafts = problem.Define("too_many_drafts", http.StatusConflict,
	problem.Text("Too many drafts", "下書きが多すぎます"),
	problem.Text("At most %d drafts are kept; throw one away first.",
		"保存できる下書きは %d 件までです。不要なものを削除してください。"))
