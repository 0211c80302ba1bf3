package mail

// link sets the link of a mail about a post to the post.
func link(c *content) gone {
	c.Link = c.Post.Link()
	return ""
}

// toModerate sets the link of a mail to the site about a post, and Profile to the page of the old site
// where such posts are dealt with.
func toModerate(page string) func(c *content) gone {
	return func(c *content) gone {
		c.Link, c.Profile = c.Post.Link(), c.links.to([]string{"admin", page})
		return ""
	}
}

// Parts that several mails about posts share: whom they greet, and where the post is.
const (
	greetingEn = "{{if .Handle}}Hello {{.Handle}},\n\n{{end}}"
	greetingJa = "{{if .Handle}}{{.Handle}} 様\n\n{{end}}"
	readOnEn   = "{{if .Link}}\n\nRead and reply:\n\n{{.Link}}{{end}}\n"
	readOnJa   = "{{if .Link}}\n\n続きを読む・返信する:\n\n{{.Link}}{{end}}\n"
	lookEn     = "{{if .Link}}\n\nThe post:\n\n{{.Link}}{{end}}{{if .Profile}}\n\n"
	lookJa     = "{{if .Link}}\n\n投稿を見る:\n\n{{.Link}}{{end}}{{if .Profile}}\n\n"
	lookEnd    = "\n\n{{.Profile}}{{end}}\n"
)

// wholePost quotes a post for the site's own mails: a question with its title.
const wholePost = "> {{.Post.Title}}\n>\n{{quote .Post.Text}}"

// postKinds are the mails about posts. Who wrote, chose or flagged is c.Who.
var postKinds = map[string]kind{
	"q_posted": {
		toSite: true, aboutPost: true, prepare: link,
		en: parse("{{.Site}}: new question: {{.Post.Title}}\n\n{{.Who}} has asked a question:\n\n" + wholePost +
			"{{if .Link}}\n\nThe question:\n\n{{.Link}}{{end}}\n"),
		ja: parse("{{.Site}}: 新しい質問「{{.Post.Title}}」\n\n{{.Who}} さんが質問を投稿しました。\n\n" + wholePost +
			"{{if .Link}}\n\n質問を見る:\n\n{{.Link}}{{end}}\n"),
	},
	"q_answered": {
		topic: topicReplies, aboutPost: true, prepare: link,
		en: parse("{{.Who}} has answered your question: {{.Post.Title}} – {{.Site}}\n\n" + greetingEn +
			"{{.Who}} has answered your question “{{.Post.Title}}”:\n\n{{quote .Post.Text}}" + readOnEn),
		ja: parse("{{.Site}} ご質問「{{.Post.Title}}」に回答がありました\n\n" + greetingJa +
			"ご質問「{{.Post.Title}}」に {{.Who}} さんが回答しました。\n\n{{quote .Post.Text}}" + readOnJa),
	},
	"q_commented": {
		topic: topicReplies, aboutPost: true, prepare: link,
		en: parse("{{.Who}} has commented on your question: {{.Post.Title}} – {{.Site}}\n\n" + greetingEn +
			"{{.Who}} has commented on your question “{{.Post.Title}}”:\n\n{{quote .Post.Text}}" + readOnEn),
		ja: parse("{{.Site}} ご質問「{{.Post.Title}}」にコメントがありました\n\n" + greetingJa +
			"ご質問「{{.Post.Title}}」に {{.Who}} さんがコメントしました。\n\n{{quote .Post.Text}}" + readOnJa),
	},
	"a_commented": {
		topic: topicReplies, aboutPost: true, prepare: link,
		en: parse("{{.Who}} has commented on your answer to: {{.Post.Title}} – {{.Site}}\n\n" + greetingEn +
			"{{.Who}} has commented on your answer to “{{.Post.Title}}”:\n\n{{quote .Post.Text}}\n\n" +
			"Your answer:\n\n{{quote .Post.Parent}}" + readOnEn),
		ja: parse("{{.Site}} 「{{.Post.Title}}」への回答にコメントがありました\n\n" + greetingJa +
			"「{{.Post.Title}}」へのあなたの回答に {{.Who}} さんがコメントしました。\n\n{{quote .Post.Text}}\n\n" +
			"あなたの回答:\n\n{{quote .Post.Parent}}" + readOnJa),
	},
	"c_commented": {
		topic: topicReplies, aboutPost: true, prepare: link,
		en: parse("{{.Who}} has also commented: {{.Post.Title}} – {{.Site}}\n\n" + greetingEn +
			"{{.Who}} has added a comment after yours, about “{{.Post.Title}}”:\n\n{{quote .Post.Text}}" + readOnEn),
		ja: parse("{{.Site}} 「{{.Post.Title}}」のコメントに続きがあります\n\n" + greetingJa +
			"「{{.Post.Title}}」で、あなたのコメントのあとに {{.Who}} さんがコメントしました。\n\n{{quote .Post.Text}}" + readOnJa),
	},
	"a_selected": {
		topic: topicSelected, aboutPost: true, prepare: link,
		en: parse("Your answer is the best one: {{.Post.Title}} – {{.Site}}\n\n" + greetingEn +
			"congratulations! {{.Who}} has chosen your answer to “{{.Post.Title}}” as the best one:\n\n" +
			"{{quote .Post.Text}}" + readOnEn),
		ja: parse("{{.Site}} 「{{.Post.Title}}」のベストアンサーに選ばれました\n\n" + greetingJa +
			"おめでとうございます。「{{.Post.Title}}」へのあなたの回答を、{{.Who}} さんがベストアンサーに選びました。\n\n" +
			"{{quote .Post.Text}}" + readOnJa),
	},
	"moderate": {
		toSite: true, aboutPost: true, prepare: toModerate("moderate"),
		en: parse("{{.Site}}: a post waits for approval\n\nA post by {{.Who}} waits for your approval:\n\n" + wholePost +
			lookEn + "Posts that wait:" + lookEnd),
		ja: parse("{{.Site}}: 承認待ちの投稿があります\n\n{{.Who}} さんの投稿が承認を待っています。\n\n" + wholePost +
			lookJa + "承認待ちの一覧:" + lookEnd),
	},
	"remoderate": {
		toSite: true, aboutPost: true, prepare: toModerate("moderate"),
		en: parse("{{.Site}}: an edited post waits for approval\n\n" +
			"A post that {{.Who}} has edited waits for your approval again:\n\n" + wholePost +
			lookEn + "Posts that wait:" + lookEnd),
		ja: parse("{{.Site}}: 編集された投稿が承認待ちです\n\n{{.Who}} さんが編集した投稿が、再び承認を待っています。\n\n" + wholePost +
			lookJa + "承認待ちの一覧:" + lookEnd),
	},
	"flagged": {
		toSite: true, aboutPost: true, prepare: toModerate("flagged"),
		en: parse("{{.Site}}: a post has been flagged\n\n" +
			"A post by {{.Who}} has {{.Flags}} {{if eq .Flags 1}}flag{{else}}flags{{end}} now:\n\n" + wholePost +
			lookEn + "Flagged posts:" + lookEnd),
		ja: parse("{{.Site}}: 投稿が通報されました\n\n{{.Who}} さんの投稿への通報が {{.Flags}} 件になりました。\n\n" + wholePost +
			lookJa + "通報された投稿の一覧:" + lookEnd),
	},
}
