package mail

import "testing"

func TestLinks(t *testing.T) {
	u := user{handle: "あき b&c", email: "a+b@example.com", code: "c0de 1"}
	const handle, query = "%E3%81%82%E3%81%8D%20b&c", "%E3%81%82%E3%81%8D+b%26c"
	neat := links{site: "https://qa.example/sub/", neat: true}
	old := links{site: "https://qa.example/sub/"}
	own := links{site: "https://qa.example/", neat: true, confirmPage: "https://38qa.example/confirm?code={code}&user={user}", resetPage: "https://38qa.example/reset/{email}/{code}#go"}
	for want, got := range map[string]string{
		"https://qa.example/sub/user/" + handle:                                      neat.profile(u),
		"https://qa.example/sub/confirm?c=c0de+1&u=" + query:                         neat.confirmation(u),
		"https://qa.example/sub/reset?c=c0de+1&e=a%2Bb%40example.com":                neat.reset(u),
		"https://qa.example/sub/admin/approve":                                       neat.to([]string{"admin", "approve"}),
		"https://qa.example/sub/index.php?qa=user/" + query:                          old.profile(u),
		"https://qa.example/sub/index.php?qa=confirm&c=c0de+1&u=" + query:            old.confirmation(u),
		"https://qa.example/sub/index.php?qa=reset&c=c0de+1&e=a%2Bb%40example.com":   old.reset(u),
		"https://qa.example/sub/index.php?qa=admin/approve":                          old.to([]string{"admin", "approve"}),
		"https://38qa.example/confirm?code=c0de%201&user=%E3%81%82%E3%81%8D%20b%26c": own.confirmation(u),
		"https://38qa.example/reset/a%2Bb%40example.com/c0de%201#go":                 own.reset(u),
		"https://qa.example/user/" + handle:                                          own.profile(u),
	} {
		if got != want {
			t.Errorf("%s\nexpected\n%s", got, want)
		}
	}
}
