package mail

// messageKinds are the mails about private messages and posts on walls. Who sends them is c.Who.
var messageKinds = map[string]kind{
	"private_message": {
		topic:        topicMessages,
		aboutMessage: true,
		prepare: func(c *content) gone {
			c.Profile, c.Link = c.links.to([]string{"user", c.Who}), c.links.to([]string{"message", c.Who})
			return ""
		},
		en: parse(`Message from {{.Who}} at {{.Site}}

Hello {{.Handle}},

{{.Who}} has sent you a private message:

{{quote .Message}}
{{- if .Link}}

To reply:

{{.Link}}
{{- end}}
`),
		ja: parse(`{{.Site}} {{.Who}} さんからのメッセージ

{{.Handle}} 様

{{.Who}} さんからプライベートメッセージが届きました。

{{quote .Message}}
{{- if .Link}}

返信はこちらから:

{{.Link}}
{{- end}}
`),
	},
	"wall_post": {
		topic:        topicWall,
		aboutMessage: true,
		censored:     true,
		prepare: func(c *content) gone {
			if c.Link = c.links.profile(c.user); c.Link != "" {
				c.Link += "#wall"
			}
			return ""
		},
		en: parse(`{{.Who}} has written on your wall at {{.Site}}

Hello {{.Handle}},

{{.Who}} has written on your wall:

{{quote .Message}}
{{- if .Link}}

Your wall:

{{.Link}}
{{- end}}
`),
		ja: parse(`{{.Site}} ウォールへの書き込みがありました

{{.Handle}} 様

{{.Who}} さんがあなたのウォールに書き込みました。

{{quote .Message}}
{{- if .Link}}

ウォールを見る:

{{.Link}}
{{- end}}
`),
	},
}
