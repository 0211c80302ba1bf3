package mail

import "testing"

// TestDoctorOfSending checks that the doctor warns where bounces are not known, and only there.
func TestDoctorOfSending(t *testing.T) {
	t.Parallel()
	topics := []string{"arn:aws:sns:ap-northeast-1:123456789012:bounces"}
	for name, c := range map[string]struct {
		url    string
		topics []string
		warns  bool
	}{
		"SES without topics": {"ses:?region=ap-northeast-1", nil, true},
		"SES with a topic":   {"ses:?region=ap-northeast-1", topics, false},
		"SMTP":               {"smtp://mail.example:587", nil, false},
		"off":                {"off", nil, false},
	} {
		list := ExamineSending(c.url, c.topics)
		if warns := len(list) == 1 && list[0].Severity == "warning"; warns != c.warns {
			t.Errorf("%s: %+v", name, list)
		}
	}
}
