package render

import "38qa.net/backend/modules/qa/internal/q2ahtml"

// ForStorage returns HTML cleaned as the old site would clean it before storing it. The result is not
// yet safe to show: HTML sanitises it again.
//
// Addresses of files below this API become the addresses that the old site's editor writes, because
// that site has to show these files too.
func (r *Renderer) ForStorage(html string, o Options) string {
	places := o.places()
	return q2ahtml.Clean(html, func(address string) (old string, ok bool) {
		f, ok := places.file(address)
		if !ok || !f.ours {
			return "", false
		}
		return f.oldURL(o.SiteURL), true
	})
}
