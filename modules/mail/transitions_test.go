package mail_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestRecordedMails checks that every recorded action has the mails that Q2A sent.
func TestRecordedMails(t *testing.T) {
	t.Parallel()
	testsite.ReplayMails(t, 25)
}
