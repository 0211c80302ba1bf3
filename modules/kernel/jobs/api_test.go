package jobs

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/web"
)

// TestParametersOverREST checks that a run requested over REST gets the parameters of the request, that
// unknown and wrong parameters are refused by name, and that the job and its runs show their parameters.
func TestParametersOverREST(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		server := web.New(web.Settings{BodyLimit: 1 << 20})
		New(s.openAt(t, nil), Settings{}, mover(nothing)).Register(server.API(),
			func(context.Context) error { return nil })
		call := func(method, path, body string, status int) (answer struct {
			Code       string
			ID         int
			DryRun     bool
			Parameters json.RawMessage
			Errors     []web.ProblemField
			Runs       []struct{ Parameters json.RawMessage }
		}) {
			t.Helper()
			request := httptest.NewRequest(method, "/v1/admin/jobs/move"+path, strings.NewReader(body))
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Accept-Language", "ja")
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, request)
			if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || recorder.Code != status {
				t.Errorf("%s %s: %d %s", path, body, recorder.Code, recorder.Body)
			}
			return answer
		}
		one := 1.0
		for body, want := range map[string]web.ProblemField{
			`{"parameters":{"rates":"5"}}`:      {Field: "parameters.rates", Code: "unknown", Message: "認識できない項目です"},
			`{"parameters":{"rate":"0"}}`:       {Field: "parameters.rate", Code: "too_small", Params: &web.FieldParams{Min: &one}, Message: "1 以上で指定してください"},
			`{"parameters":{"verify":"false"}}`: {Field: "parameters.verify", Code: "not_in_list", Params: &web.FieldParams{Allowed: []string{"true"}}, Message: "true のいずれかで指定してください"},
			`{"parameters":{"rate":5}}`:         {Field: "parameters.rate", Code: "not_text", Message: "文字列で指定してください"},
		} {
			if p := call(http.MethodPost, "/run", body,
				http.StatusUnprocessableEntity); p.Code != "validation" ||
				!reflect.DeepEqual(p.Errors, []web.ProblemField{want}) {
				t.Errorf("%s: %+v", body, p)
			}
		}
		const told = `{"rate":"5","verify":"true"}`
		queued := call(http.MethodPost, "/run", `{"dryRun":true,"parameters":`+told+`}`, http.StatusAccepted)
		if !queued.DryRun || string(queued.Parameters) != told {
			t.Errorf("queued: %+v", queued)
		}
		if same := call(http.MethodPost, "/run", `{"dryRun":true,"parameters":{"verify":"true","rate":"5"}}`,
			http.StatusAccepted); same.ID != queued.ID {
			t.Errorf("with the same: %+v", same)
		}
		for _, other := range []string{
			`{"dryRun":true}`, `{"dryRun":true,"parameters":{"rate":"5"}}`, `{"parameters":` + told + `}`,
		} {
			if p := call(http.MethodPost, "/run", other, http.StatusConflict); p.Code != "job_running" {
				t.Errorf("%s: %+v", other, p)
			}
		}
		job := call(http.MethodGet, "", "", http.StatusOK)
		const known = `[{"name":"verify","doc":"reads again what was written","flag":true},` +
			`{"name":"keep-for-php","doc":"keeps files in a folder","flag":false},` +
			`{"name":"rate","doc":"images a second","flag":false}]`
		if string(job.Parameters) != known || len(job.Runs) != 1 || string(job.Runs[0].Parameters) != told {
			t.Errorf("the job: %s, %+v", job.Parameters, job)
		}
	})
}
