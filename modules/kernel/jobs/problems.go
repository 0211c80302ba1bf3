package jobs

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// codeJobRunning is the problem of asking for a run while another one is not finished.
var codeJobRunning = problem.Define("job_running", http.StatusConflict,
	problem.Text("Running already", "すでに実行中です"),
	problem.Text("A run of this job is not finished that was asked for otherwise: dry or not, or with other parameters. Cancel it, or wait for its end.",
		"このジョブは別の条件（試行か本実行か、またはパラメーター）ですでに実行中か待機中です。中止するか、終わるまでお待ちください。"))
