package undelivered

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const sentID = "q2ab.1764471840.7.12.0123456789abcdef@qa.example"

// TestParseMail reads mails in the forms in which various servers write them.
func TestParseMail(t *testing.T) {
	t.Parallel()
	one := func(address string, kind Kind) []Report { return []Report{{address, kind, sentID, "aki@example.com"}} }
	want := map[string][]Report{
		"postfix": one("aki@example.com", Permanent), "exim": one("aki@example.com", Permanent), "exchange": one("aki@example.com", Permanent),
		"gmail-full": one("aki@example.com", Transient), "sendmail-forwarded": one("elsewhere@example.net", Permanent),
		"exim-spam": one("aki@example.com", Transient), "postfix-delayed": nil, "postfix-delivered": nil,
		"arf": one("aki@example.com", Complaint), "arf-redacted": one("aki@example.com", Complaint), "arf-not-spam": nil,
	}
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) != len(want)+1 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"lines": string(raw), "lines of SMTP": strings.ReplaceAll(string(raw), "\n", "\r\n")} {
			got, err := ParseMail(strings.NewReader(text))
			if name == "qmail" { // which does not write reports for programs
				if !errors.Is(err, ErrNoReport) {
					t.Errorf("%s with %s: %v %v", name, form, got, err)
				}
				continue
			}
			if err != nil || !reflect.DeepEqual(got, want[name]) {
				t.Errorf("%s with %s: %v (%v), expected %v", name, form, got, err, want[name])
			}
		}
	}
}

func TestParseMailRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":     "",
		"no mail":     "\x00\xff",
		"plain":       "Subject: hello\n\nYour mail to aki@example.com failed. Status: 5.1.1",
		"no parts":    "Content-Type: multipart/report; boundary=x\n\nnothing",
		"other parts": "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: text/plain\n\nhello\n--x--\n",
	} {
		if got, err := ParseMail(strings.NewReader(text)); !errors.Is(err, ErrNoReport) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if _, err := ParseMail(strings.NewReader(strings.Repeat("x", MaxSize+1))); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// TestManyRecipients checks that a report of very many recipients is cut.
func TestManyRecipients(t *testing.T) {
	t.Parallel()
	text := "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n" +
		strings.Repeat("Final-Recipient: rfc822; aki@example.com\nAction: failed\nStatus: 5.1.1\n\n", 10_000) + "--x--\n"
	if got, err := ParseMail(strings.NewReader(text)); err != nil || len(got) != maxRecipients {
		t.Errorf("%d reports, %v", len(got), err)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, status, diagnostic string
		want                       Kind
	}{
		{"failed", "5.1.1", "", Permanent}, {"FAILED", " 5.1.2 ", "", Permanent}, {"failed", "5.2.1", "", Permanent},
		{"failed", "5.1.10", "", Permanent}, {"failed", "5.1.8", "", 0}, {"failed", "5.2.2", "", Transient}, {"failed", "4.4.7", "", Transient},
		{"failed", "5.7.1", "smtp; 550 5.7.1 blocked", 0}, {"failed", "5.6.0", "", 0}, {"failed", "5.3.4", "", 0}, {"failed", "5.4.4", "", Transient},
		{"failed", "5.0.0", "smtp; 550 5.1.1 unknown", Permanent}, {"failed", "5.0.0", "smtp; 550 5.7.1 spam", 0},
		{"failed", "5.0.0", "smtp; 550 no mailbox", Permanent}, {"failed", "5.0.0", "smtp; 554 no", Transient}, {"failed", "5.0.0", "X-Unix; 67", Transient},
		{"failed", "5.0.0", "smtp; 550 host 192.5.1.1 is blocked", Transient}, {"failed", "5.0.0", "smtp; 550 aki5.1.12.4@example.com", Permanent},
		{"failed", "", "", Transient}, {"delayed", "4.4.1", "", 0}, {"delivered", "2.0.0", "", 0}, {"relayed", "5.1.1", "", 0}, {"", "5.1.1", "", 0},
	} {
		if got := kindOf(c.action, c.status, c.diagnostic); got != c.want {
			t.Errorf("%s %s %q: %d, expected %d", c.action, c.status, c.diagnostic, got, c.want)
		}
	}
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]string{
		"rfc822; aki@example.com": "aki@example.com", "RFC822;<aki@example.com>": "aki@example.com", "<aki@example.com>": "aki@example.com",
		"Aki <aki@example.com>": "aki@example.com", "utf-8; 花@example.jp": "花@example.jp",
		"x400; /c=jp": "", "redacted": "", "": "", "rfc822;": "", "a@b, c@d": "", strings.Repeat("a", 250) + "@example.com": "",
	} {
		if got := addressOf(field); got != want {
			t.Errorf("%.40q: %q", field, got)
		}
	}
}

func TestParseSES(t *testing.T) {
	t.Parallel()
	const bounce = `,"bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"aki@example.com","action":"failed","status":"5.1.1",` +
		`"diagnosticCode":"smtp; 550 5.1.1 unknown"}],"timestamp":"2026-11-30T03:04:05.000Z","feedbackId":"0106"},"mail":{"destination":["aki@example.com"]}}`
	const complaint = `,"complaint":{"complainedRecipients":[{"emailAddress":"Aki <aki@example.com>"}],"complaintFeedbackType":"abuse","timestamp":"2026-11-30T03:04:05.000Z"},"mail":{}}`
	one := func(kind Kind) []Report { return []Report{{Address: "aki@example.com", Kind: kind}} }
	for name, c := range map[string]struct {
		text string
		want []Report
		bad  bool
	}{
		"notification":         {text: `{"notificationType":"Bounce"` + bounce, want: one(Permanent)},
		"event":                {text: `{"eventType":"Bounce"` + bounce, want: one(Permanent)},
		"passing":              {text: strings.ReplaceAll(`{"eventType":"Bounce"`+bounce, "Permanent", "Transient"), want: one(Transient)},
		"undetermined":         {text: strings.ReplaceAll(`{"eventType":"Bounce"`+bounce, "Permanent", "Undetermined"), want: one(Transient)},
		"about the content":    {text: strings.NewReplacer("Permanent", "Transient", "General", "ContentRejected").Replace(`{"eventType":"Bounce"` + bounce)},
		"suppressed by Amazon": {text: strings.ReplaceAll(`{"eventType":"Bounce"`+bounce, "General", "OnAccountSuppressionList"), want: one(Permanent)},
		"complaint":            {text: `{"notificationType":"Complaint"` + complaint, want: one(Complaint)},
		"complaint event":      {text: `{"eventType":"Complaint"` + complaint, want: one(Complaint)},
		"no spam after all":    {text: strings.ReplaceAll(`{"eventType":"Complaint"`+complaint, "abuse", "not-spam")},
		"delivery":             {text: `{"eventType":"Delivery","mail":{}}`},
		"no address":           {text: strings.ReplaceAll(`{"eventType":"Bounce"`+bounce, "aki@example.com", "nobody")},
		"beginning":            {text: "Successfully validated SNS topic for Amazon SES event publishing."},
		"text":                 {text: "hello", bad: true},
		"something else":       {text: `{"hello":1}`, bad: true},
		"wrong form":           {text: `{"eventType":"Bounce","bounce":[]}`, bad: true},
	} {
		got, err := ParseSES(c.text)
		if (err != nil) != c.bad || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v (%v), expected %v", name, got, err, c.want)
		}
	}
}

// FuzzParseMail checks that no mail makes the parser panic, or report more than it may.
func FuzzParseMail(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseMail(strings.NewReader(text))
		if err != nil && len(list) > 0 || len(list) > maxRecipients {
			t.Errorf("%d reports (%v)", len(list), err)
		}
		for _, r := range list {
			if r.Address == "" || r.Kind == 0 || strings.ContainsAny(r.Address, "\r\n") {
				t.Errorf("%+v", r)
			}
		}
	})
}
