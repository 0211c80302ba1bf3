package hooks

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// codeTooManyWebhooks is the problem of a new webhook beside maxWebhooks others.
var codeTooManyWebhooks = problem.Define("too_many_webhooks", http.StatusConflict,
	problem.Text("Too many webhooks", "Webhook が多すぎます"),
	problem.Text("A site has %d webhooks at most; delete one first.",
		"Webhook は %d 個までです。先に不要なものを削除してください。"))

// codeWebhookDisabled is the problem of sending to a receiver whose webhook is switched off.
var codeWebhookDisabled = problem.Define("webhook_disabled", http.StatusConflict,
	problem.Text("Webhook switched off", "Webhook は無効です"),
	problem.Text("Nothing is sent by a webhook that is switched off; enable it first.",
		"無効な Webhook には送信できません。先に有効にしてください。"))

// fieldNoReceiver is the code of an address that no receiver can have.
var fieldNoReceiver = problem.DefineField("no_receiver",
	"must be an https address of a public host, without a user name and a fragment",
	"公開ホストの https アドレスを、ユーザー名とフラグメントなしで指定してください")
