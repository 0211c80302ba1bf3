package moderation_test

import (
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestMain(m *testing.M) { testsite.Main(m) }
