package render

import "38qa.net/backend/modules/qa/internal/q2ahtml"

// ForStorage cleans HTML into what the old site would store of it. It is not what is shown: HTML sanitises again.
//
// Addresses of files as this API gives them become those that the old site's editor writes: that site has to show them too.
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
