package events

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// codeNoStreams is the problem of a stream where the process cannot serve any.
var codeNoStreams = problem.Define("no_streams", http.StatusNotImplemented,
	problem.Text("No event streams", "イベントストリームは使えません"),
	problem.Text("This server cannot keep a response open; ask /v1/activity from time to time instead.",
		"このサーバーでは接続を開いたままにできません。代わりに /v1/activity を定期的に取得してください。"))

// codeTooManyStreams is the problem of opening more streams than a client may have.
var codeTooManyStreams = problem.Define("too_many_streams", http.StatusTooManyRequests,
	problem.Text("Too many streams", "ストリームが多すぎます"),
	problem.Text("A client may have %d event streams open at once; close one first.",
		"同時に開けるイベントストリームは %d 本までです。先にどれかを閉じてください。"))
