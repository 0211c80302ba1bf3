package mail

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with notifications of Amazon SNS.
var (
	codeNotGenuine = problem.Define("notification_refused", http.StatusForbidden,
		problem.Text("Notification refused", "通知を受け付けられません"),
		problem.Text("It is not signed by Amazon SNS, too old, or of another topic than those that are configured.",
			"Amazon SNS の署名が正しくないか、古すぎるか、設定されていないトピックの通知です。"))
	codeRepeated = problem.Define("notification_repeated", http.StatusConflict,
		problem.Text("Notification repeated", "通知は受け付け済みです"),
		problem.Text("It has been taken before.", "この通知はすでに受け付けています。"))
)
