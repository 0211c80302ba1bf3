package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"38qa.net/backend/modules/kernel/secret"
)

func TestSealer(t *testing.T) {
	t.Parallel()
	plain := []byte("the queen is in the third hive")
	own := secret.NewSealer("of this site")
	stored, sealed, err := own.Seal(plain, "here")
	if err != nil || !sealed || bytes.Contains(stored, plain) {
		t.Fatalf("sealed: %v %q, %v", sealed, stored, err)
	}
	again, _, err := own.Seal(plain, "here")
	if err != nil || bytes.Equal(stored, again) {
		t.Errorf("what is sealed twice looks the same, or %v", err)
	}
	none := secret.NewSealer("")
	open, sealed, err := none.Seal(plain, "here")
	if err != nil || sealed || !bytes.Equal(open, plain) {
		t.Errorf("without a key: %v %q, %v", sealed, open, err)
	}
	for _, c := range []struct {
		name   string
		sealer *secret.Sealer
		stored []byte
		sealed bool
		place  string
		want   error
	}{
		{"as it was sealed", secret.NewSealer("of this site"), stored, true, "here", nil},
		{"stored before there was a key", own, plain, false, "here", nil},
		{"another key", secret.NewSealer("of that site"), stored, true, "here", secret.ErrOtherKey},
		{"no key", none, stored, true, "here", secret.ErrNoKey},
		{"another place", own, stored, true, "there", secret.ErrOtherKey},
		{"changed", own, append(bytes.Clone(stored[:len(stored)-1]), stored[len(stored)-1]^1), true, "here",
			secret.ErrOtherKey},
		{"cut off", own, stored[:5], true, "here", secret.ErrBroken},
		{"empty", own, nil, true, "here", secret.ErrBroken},
	} {
		got, err := c.sealer.Open(c.stored, c.sealed, c.place)
		if !errors.Is(err, c.want) || err == nil && !bytes.Equal(got, plain) {
			t.Errorf("%s: %q, %v, want the error %v", c.name, got, err, c.want)
		}
	}
}
