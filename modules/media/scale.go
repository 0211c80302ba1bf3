package media

import (
	"context"
	"log/slog"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/media/internal/picture"
)

// scale is the image of a blob as a JPEG with no side longer than size, on white where it is transparent. Results are kept
// in memory; at most two images are worked on at once.
func (m *Module) scale(ctx context.Context, id string, size int) ([]byte, error) {
	k := scaledKey{id, size}
	if content, ok := m.scaled.GetIfPresent(k); ok {
		return content, nil
	}
	select {
	case m.working <- struct{}{}:
		defer func() { <-m.working }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if content, ok := m.scaled.GetIfPresent(k); ok {
		return content, nil
	}
	b, err := m.read(ctx, id)
	if err != nil {
		return nil, err
	}
	content, _, _, err := picture.Thumbnail(b.content, size, false, picture.Default)
	if err != nil {
		slog.WarnContext(ctx, "image cannot be scaled", "blob", id, "error", err)
		return nil, problem.New("unsupported_image")
	}
	m.scaled.Set(k, content)
	return content, nil
}
