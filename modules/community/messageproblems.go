package community

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with messages.
var (
	codeMessagesOff = problem.Define("messages_off", http.StatusForbidden,
		problem.Text("No private messages", "メッセージを受け取りません"),
		problem.Text("This user takes no private messages.", "このユーザーはメッセージを受け取らない設定にしています。"))
	codeNotMutual = problem.Define("not_mutual", http.StatusForbidden,
		problem.Text("Not following each other", "相互フォローではありません"),
		problem.Text("On this site two users write to each other once they follow each other.",
			"このサイトでは、相互にフォローしているユーザーどうしがメッセージを始められます。"))
	codeWallClosed = problem.Define("wall_closed", http.StatusForbidden,
		problem.Text("Wall closed", "ウォールは閉じられています"),
		problem.Text("This user takes no posts on the wall.", "このユーザーはウォールへの書き込みを受け付けていません。"))
)

// The codes of fields that are wrong in ways that only messages know.
var (
	fieldNoUser = problem.DefineField("no_user",
		"names no user of this site",
		"該当するユーザーはいません")
	fieldNotReachable = problem.DefineField("not_reachable",
		"names a user who takes no messages from you",
		"あなたからのメッセージを受け取らないユーザーです")
)
