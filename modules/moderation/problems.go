package moderation

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with what moderators have.
var (
	codeReviewLocked = problem.Define("review_locked", http.StatusConflict,
		problem.Text("Somebody else is looking at it", "他のモデレーターが確認中です"),
		problem.Text("%s is looking at this; with takeOver you look at it instead.",
			"%s さんが確認中です。引き継ぐ場合は takeOver を指定してください。"))
	codeTooManyNotes = problem.Define("too_many_notes", http.StatusConflict,
		problem.Text("Too many notes", "メモが多すぎます"),
		problem.Text("There are %d notes about it already; delete one first.",
			"メモは %d 件までです。先に不要なメモを削除してください。"))
)
