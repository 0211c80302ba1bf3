package mail

// quotation is the text of a mail that quotes a post, in one language.
type quotation struct {
	subject, sentence string
	// more follows the quotation; "" for nothing. In mails to moderators it is the name of the list that
	// they link to.
	more string
}

// toAuthor describes a mail to somebody about what others did with their post, or wrote below it. It
// greets the recipient, quotes the post, and ends with the post's address.
func toAuthor(t topic, en, ja quotation) kind {
	text := func(q quotation, greeting, readOn string) text {
		return parse(q.subject + "\n\n" + greeting + q.sentence + "\n\n{{quote .Post.Text}}" + q.more +
			"{{if .Link}}\n\n" + readOn + "\n\n{{.Link}}{{end}}\n")
	}
	return kind{
		topic: t, aboutPost: true,
		prepare: func(c *content) gone {
			c.Link = c.Post.Link()
			return ""
		},
		en: text(en, "{{if .Handle}}Hello {{.Handle}},\n\n{{end}}", "Read and reply:"),
		ja: text(ja, "{{if .Handle}}{{.Handle}} 様\n\n{{end}}", "続きを読む・返信する:"),
	}
}

// toModerators describes a mail to the site's own address about a post, which it quotes with the title
// of its question. page is the page of the old site with the list of such posts, "" for none.
func toModerators(page string, en, ja quotation) kind {
	text := func(q quotation, post string) text {
		return parse(q.subject + "\n\n" + q.sentence + "\n\n> {{.Post.Title}}\n>\n{{quote .Post.Text}}" +
			"{{if .Link}}\n\n" + post + "\n\n{{.Link}}{{end}}" +
			"{{if .Profile}}\n\n" + q.more + "\n\n{{.Profile}}{{end}}\n")
	}
	postEn, postJa := "The post:", "投稿を見る:"
	if page == "" {
		postEn, postJa = "The question:", "質問を見る:"
	}
	return kind{
		toSite: true, aboutPost: true,
		prepare: func(c *content) gone {
			c.Link = c.Post.Link()
			if page != "" {
				c.Profile = c.links.to([]string{"admin", page})
			}
			return ""
		},
		en: text(en, postEn), ja: text(ja, postJa),
	}
}

// postKinds are the mails about posts. Who wrote, chose or flagged is c.Who.
var postKinds = map[string]kind{
	"q_posted": toModerators("", quotation{
		subject:  "{{.Site}}: new question: {{.Post.Title}}",
		sentence: "{{.Who}} has asked a question:",
	}, quotation{
		subject:  "{{.Site}}: 新しい質問「{{.Post.Title}}」",
		sentence: "{{.Who}} さんが質問を投稿しました。",
	}),
	"q_answered": toAuthor(topicReplies, quotation{
		subject:  "{{.Who}} has answered your question: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has answered your question “{{.Post.Title}}”:",
	}, quotation{
		subject:  "{{.Site}} ご質問「{{.Post.Title}}」に回答がありました",
		sentence: "ご質問「{{.Post.Title}}」に {{.Who}} さんが回答しました。",
	}),
	"q_commented": toAuthor(topicReplies, quotation{
		subject:  "{{.Who}} has commented on your question: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has commented on your question “{{.Post.Title}}”:",
	}, quotation{
		subject:  "{{.Site}} ご質問「{{.Post.Title}}」にコメントがありました",
		sentence: "ご質問「{{.Post.Title}}」に {{.Who}} さんがコメントしました。",
	}),
	"a_commented": toAuthor(topicReplies, quotation{
		subject:  "{{.Who}} has commented on your answer to: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has commented on your answer to “{{.Post.Title}}”:",
		more:     "\n\nYour answer:\n\n{{quote .Post.Parent}}",
	}, quotation{
		subject:  "{{.Site}} 「{{.Post.Title}}」への回答にコメントがありました",
		sentence: "「{{.Post.Title}}」へのあなたの回答に {{.Who}} さんがコメントしました。",
		more:     "\n\nあなたの回答:\n\n{{quote .Post.Parent}}",
	}),
	"c_commented": toAuthor(topicReplies, quotation{
		subject:  "{{.Who}} has also commented: {{.Post.Title}} – {{.Site}}",
		sentence: "{{.Who}} has added a comment after yours, about “{{.Post.Title}}”:",
	}, quotation{
		subject:  "{{.Site}} 「{{.Post.Title}}」のコメントに続きがあります",
		sentence: "「{{.Post.Title}}」で、あなたのコメントのあとに {{.Who}} さんがコメントしました。",
	}),
	"a_selected": toAuthor(topicSelected, quotation{
		subject:  "Your answer is the best one: {{.Post.Title}} – {{.Site}}",
		sentence: "congratulations! {{.Who}} has chosen your answer to “{{.Post.Title}}” as the best one:",
	}, quotation{
		subject: "{{.Site}} 「{{.Post.Title}}」のベストアンサーに選ばれました",
		sentence: "おめでとうございます。「{{.Post.Title}}」へのあなたの回答を、" +
			"{{.Who}} さんがベストアンサーに選びました。",
	}),
	"moderate": toModerators("moderate", quotation{
		subject:  "{{.Site}}: a post waits for approval",
		sentence: "A post by {{.Who}} waits for your approval:",
		more:     "Posts that wait:",
	}, quotation{
		subject:  "{{.Site}}: 承認待ちの投稿があります",
		sentence: "{{.Who}} さんの投稿が承認を待っています。",
		more:     "承認待ちの一覧:",
	}),
	"remoderate": toModerators("moderate", quotation{
		subject:  "{{.Site}}: an edited post waits for approval",
		sentence: "A post that {{.Who}} has edited waits for your approval again:",
		more:     "Posts that wait:",
	}, quotation{
		subject:  "{{.Site}}: 編集された投稿が承認待ちです",
		sentence: "{{.Who}} さんが編集した投稿が、再び承認を待っています。",
		more:     "承認待ちの一覧:",
	}),
	"flagged": toModerators("flagged", quotation{
		subject:  "{{.Site}}: a post has been flagged",
		sentence: "A post by {{.Who}} has {{.Flags}} {{if eq .Flags 1}}flag{{else}}flags{{end}} now:",
		more:     "Flagged posts:",
	}, quotation{
		subject:  "{{.Site}}: 投稿が通報されました",
		sentence: "{{.Who}} さんの投稿への通報が {{.Flags}} 件になりました。",
		more:     "通報された投稿の一覧:",
	}),
}
