package mail

import (
	"context"
	"fmt"
)

// kindExport is the kind of the mail that tells a member that a copy of their data can be fetched.
const kindExport = "export"

var exportKinds = map[string]kind{
	kindExport: {
		load: (*Module).loadExport,
		en: parse(`{{.Site}}: the copy of your data is ready

Hello {{.Handle}},

you have asked {{.Site}} for a copy of all that it keeps about you. It is ready.
{{- if .Link}} You can fetch it until {{.Until}}:

{{.Link}}

Whoever has this link can fetch the copy. Please do not pass it on.
{{- end}}

If it was not you who asked, somebody else has used your account: please change your password.
`),
		ja: parse(`{{.Site}}: データのコピーができました

{{.Handle}} 様

{{.Site}} が保存しているあなたのデータのコピーができました。
{{- if .Link}}{{.Until}} まで次のリンクから取得できます。

{{.Link}}

このリンクを知っている人は誰でも取得できます。他の人に渡さないでください。
{{- end}}

お申し込みに覚えのない場合は、第三者があなたのアカウントを使った可能性があります。パスワードを変更してください。
`),
	},
}

// loadExport reads where the copy is. The link is left out if the API's own address is not known.
func (m *Module) loadExport(ctx context.Context, r *row, c *content) error {
	if m.settings.Export == nil {
		return nil
	}
	address, until, err := m.settings.Export(ctx, r.userID, r.about.Number)
	if err != nil {
		return outage{fmt.Errorf("look for a copy of a member's data: %w", err)}
	}
	if address == "" {
		return gone("the copy of the member's data has been removed")
	}
	if m.site.APIURL() != "" {
		c.Link, c.Until = address, until.UTC().Format("2006-01-02")
	}
	return nil
}
