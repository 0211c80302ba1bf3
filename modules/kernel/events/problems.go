package events

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// codeTooManyStreams is the problem of opening more streams than a client may have.
var codeTooManyStreams = problem.Define("too_many_streams", http.StatusTooManyRequests,
	problem.Text("Too many streams", "ストリームが多すぎます"),
	problem.Text("A client may have %d event streams open at once; close one first.",
		"同時に開けるイベントストリームは %d 本までです。先にどれかを閉じてください。"))
