package media

import (
	"slices"
	"testing"

	"38qa.net/backend/modules/site"
)

// TestAvatarSizes checks that pictures of users are made in the size of each of the site's options, and in twice
// that size, and in none of an option that shows no pictures.
func TestAvatarSizes(t *testing.T) {
	t.Parallel()
	for _, key := range avatarOptions {
		sizes := avatarSizes(site.NewOptions(map[string]string{key.Name(): "77"}))
		if !slices.Contains(sizes, 77) || !slices.Contains(sizes, 154) {
			t.Errorf("%s: %v", key, sizes)
		}
		if sizes := avatarSizes(site.NewOptions(map[string]string{key.Name(): "0"})); slices.Contains(sizes, 0) {
			t.Errorf("%s without pictures: %v", key, sizes)
		}
	}
}
