package mail

import "38qa.net/backend/modules/kernel/problem"

var fieldBadSubscription = problem.DefineField("bad_subscription",
	"is not what the subscription of a browser has there",
	"ブラウザーのプッシュ購読の値として正しくありません")
