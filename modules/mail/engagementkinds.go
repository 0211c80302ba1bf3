package mail

import (
	"fmt"
	"strings"

	"38qa.net/backend/modules/site/option"
)

// bySite describes a mail that the site sends a member by itself. Its texts are the subject without the
// site's name, and the body without the greeting.
func bySite(k kind, subjectEn, bodyEn, subjectJa, bodyJa string) kind {
	k.topic, k.engaging = topicTips, true
	k.en = parse("{{.Site}}: " + subjectEn + "\n\nHello {{.Handle}},\n\n" + bodyEn + "\n")
	k.ja = parse("【{{.Site}}】" + subjectJa + "\n\n{{.Handle}} 様\n\n" + bodyJa + "\n")
	return k
}

// Ends of texts, with the pages on which one asks, or finds questions.
const (
	askEn    = "{{if .Link}}\n\nAsk a question:\n\n{{.Link}}{{end}}"
	askJa    = "{{if .Link}}\n\n質問を投稿する:\n\n{{.Link}}{{end}}"
	browseEn = "{{if .Link}}\n\nQuestions that wait for an answer:\n\n{{.Link}}{{end}}"
	browseJa = "{{if .Link}}\n\n回答を待っている質問:\n\n{{.Link}}{{end}}"
)

// toPage returns a prepare function that links to a page of the old site.
func toPage(page string) func(*content) gone {
	return func(c *content) gone {
		c.Link = c.links.to([]string{page})
		return ""
	}
}

// toPost is a prepare function that links to the post of the mail.
func toPost(c *content) gone {
	c.Link = c.Post.Link()
	return ""
}

// words returns a function that takes the site's own words from a plugin's options.
func words(title, body option.Key) func(*content) ownText {
	return func(c *content) ownText { return optionText(c.options, title, body) }
}

// stepWords returns a function that takes the words of a step mail from the plugin's options.
func stepWords(of string) func(*content) ownText {
	return func(c *content) ownText {
		if c.Step < 1 || c.Step > steps {
			return ownText{}
		}
		return optionText(c.options, option.Of(fmt.Sprintf("q2a-stepmail-%s-title-%d", of, c.Step)),
			option.Of(fmt.Sprintf("q2a-stepmail-%s-%d", of, c.Step)))
	}
}

// roundWords returns a function that takes the words for a round number from the plugin's option. The
// arguments are what such a post is called in English and Japanese.
func roundWords(en, ja string) func(*content) ownText {
	return func(c *content) ownText {
		c.PostType = en
		if strings.HasPrefix(c.options.String(option.SiteLanguage), "ja") {
			c.PostType = ja
		}
		return optionText(c.options, option.None, option.Q2aGetRoundnumberCelebrateBody)
	}
}

// engagementKinds are the mails that the site sends by itself, as plugins of the old site do.
var engagementKinds = map[string]kind{
	"step_question": bySite(kind{own: stepWords("question"), prepare: toPage("ask")},
		"thank you for {{.Number}} questions",
		"you have asked {{.Number}} questions at {{.Site}} by now. Thank you: each question helps others who "+
			"wonder about the same."+askEn,
		"{{.Number}} 件の質問をありがとうございます",
		"{{.Site}} へのご質問が {{.Number}} 件になりました。ありがとうございます。ご質問は、同じことで"+
			"お困りの方の助けにもなっています。"+askJa),
	"step_answer": bySite(kind{own: stepWords("answer"), prepare: toPage("unanswered")},
		"thank you for {{.Number}} answers",
		"you have given {{.Number}} answers at {{.Site}} by now. Thank you for what you share."+browseEn,
		"{{.Number}} 件の回答をありがとうございます",
		"{{.Site}} でのご回答が {{.Number}} 件になりました。知識と経験を分けてくださり、"+
			"ありがとうございます。"+browseJa),
	"round_question": bySite(kind{own: roundWords("question", "質問"), aboutPost: true, prepare: toPost},
		"question number {{.Number}} is yours",
		"your question “{{.Post.Title}}” is number {{.Number}} at {{.Site}}. Congratulations, and thank you!"+
			"{{if .Link}}\n\n{{.Link}}{{end}}",
		"{{.Number}} 件目の質問です",
		"ご質問「{{.Post.Title}}」が、{{.Site}} の {{.Number}} 件目の質問になりました。おめでとうございます。"+
			"{{if .Link}}\n\n{{.Link}}{{end}}"),
	"round_answer": bySite(kind{own: roundWords("answer", "回答"), aboutPost: true, prepare: toPost},
		"answer number {{.Number}} is yours",
		"your answer to “{{.Post.Title}}” is number {{.Number}} at {{.Site}}. Congratulations, and thank you!"+
			"{{if .Link}}\n\n{{.Link}}{{end}}",
		"{{.Number}} 件目の回答です",
		"「{{.Post.Title}}」へのご回答が、{{.Site}} の {{.Number}} 件目の回答になりました。おめでとうございます。"+
			"{{if .Link}}\n\n{{.Link}}{{end}}"),
	"again_post": bySite(kind{own: words(option.None,
		option.Q2aAgainPostsThanksBody), aboutPost: true, prepare: toPost},
		"good to read you again",
		"it is good to read from you again after a while, about “{{.Post.Title}}”. Thank you!"+
			"{{if .Link}}\n\n{{.Link}}{{end}}",
		"お久しぶりの投稿をありがとうございます",
		"「{{.Post.Title}}」への久しぶりのご投稿をありがとうございます。またお目にかかれて、うれしく思います。"+
			"{{if .Link}}\n\n{{.Link}}{{end}}"),
	"only_question": bySite(kind{own: words(option.None,
		option.Q2aOnlyOnceQuestionBody), prepare: toPage("ask")},
		"how did it go on?",
		"some days ago you asked your first question at {{.Site}}. How did it go on? Whatever you wonder about "+
			"next, please ask."+askEn,
		"その後、いかがですか",
		"先日は {{.Site}} にはじめてのご質問をありがとうございました。その後、いかがでしょうか。"+
			"ほかにも気になることがありましたら、お気軽にご質問ください。"+askJa),
	"only_answer": bySite(kind{own: words(option.None,
		option.Q2aOnlyOnceAnswerBody), prepare: toPage("unanswered")},
		"your answers are welcome",
		"some days ago you gave your first answer at {{.Site}}. Thank you! There are more questions that you may "+
			"know something about."+browseEn,
		"これからもご回答をお待ちしています",
		"先日は {{.Site}} にはじめてのご回答をありがとうございました。ほかにもお力を借りたい質問が"+
			"ありますので、ご覧いただければ幸いです。"+browseJa),
	"no_answer": bySite(kind{own: words(option.None,
		option.Q2aAdvicemailBody), aboutPost: true, prepare: toPost,
		load: (*Module).stillUnanswered},
		"your question has no answer yet",
		"nobody has answered your question “{{.Post.Title}}” yet. Details help: where and when it happened, "+
			"what you have tried, a picture. You can edit the question."+
			"{{if .Link}}\n\nYour question:\n\n{{.Link}}{{end}}",
		"ご質問にまだ回答がついていません",
		"ご質問「{{.Post.Title}}」にまだ回答がついていません。場所や時期、試してみたこと、写真などを書き足すと、"+
			"回答しやすくなります。質問は編集できます。"+
			"{{if .Link}}\n\nご質問:\n\n{{.Link}}{{end}}"),
	"comment_reminder": bySite(kind{load: (*Module).loadUncommented},
		"answers that wait for a word from you",
		"your questions have answers that nobody has commented on yet. A few words tell those who answered "+
			"whether it helped."+listed,
		"回答へのコメントをお待ちしています",
		"いただいた回答のうち、まだコメントのないものがあります。回答してくださった方へ、結果やお礼を"+
			"ひとことお寄せください。"+listed),
	"inquiry_reply": {
		topic: topicTips, engaging: true, load: (*Module).loadInquiry,
		address: func(_ *content, r *row) string { return r.about.Feedback.Email },
		en: parse("{{.Site}}: we have got your message\n\nHello{{with or .Handle .Feedback.Name}} {{.}}{{end}},\n\n" +
			"your message to {{.Site}} has arrived, and we will get back to you. This is an automatic reply." +
			"{{if .Message}}\n\nYour message:\n\n{{quote .Message}}{{end}}" +
			"{{if .Link}}\n\nQuestions to the community are asked on this page:\n\n{{.Link}}{{end}}\n"),
		ja: parse("【{{.Site}}】お問い合わせを受け付けました（自動返信）\n\n{{with or .Handle .Feedback.Name}}{{.}} 様\n\n{{end}}" +
			"{{.Site}} へのお問い合わせをありがとうございます。内容を確認のうえ、ご連絡いたします。このメールは自動で" +
			"お送りしています。" +
			"{{if .Message}}\n\nお問い合わせの内容:\n\n{{quote .Message}}{{end}}" +
			"{{if .Link}}\n\nみなさんへの質問は、次のページから投稿してください。\n\n{{.Link}}{{end}}\n"),
	},
	"help_answer": {
		load: (*Module).loadWaitingQuestions, address: listedAddress(option.QaAskHelpAnswerToAddress), own: helpWords,
		en: parse("{{.Site}}: questions that need an answer\n\n{{or .Begin `Who can help with these questions?`}}" + twoLists(
			"Without an answer for a day:", "With one answer only:")),
		ja: parse("【{{.Site}}】回答を待っている質問\n\n{{or .Begin `次の質問に、みなさんのお力をお貸しください。`}}" + twoLists(
			"まだ回答のない質問:", "回答が 1 件だけの質問:")),
	},
	"statistics": {
		load: (*Module).loadStatistics, address: listedAddress(option.Q2aStaticsEmails),
		en: parse("{{.Site}}: figures of the last 30 days\n\nWhat happened at {{.Site}} in the last 30 days:\n\n" + figureLines +
			"\nThe same as CSV:\n\n{{quote .CSV}}\n"),
		ja: parse("【{{.Site}}】直近 30 日の統計\n\n{{.Site}} のみなさんの直近 30 日の活動です。\n\n" + figureLines +
			"\nCSV 形式:\n\n{{quote .CSV}}\n"),
	},
}

// Parts of texts with lists of posts, and of figures.
const (
	listed      = "{{range .Items}}\n\n{{.Title}}\n\n{{if .Text}}{{quote .Text}}{{end}}{{if .Link}}\n\n{{.Link}}{{end}}{{end}}"
	figureLines = "{{range .Figures}}{{.Label}}: {{.Value}}\n{{end}}"
)

// twoLists returns the part of a text that lists questions without an answer, and with one, under
// their headings.
func twoLists(none, one string) string {
	part := func(list, heading string) string {
		return "{{with ." + list + "}}\n\n" + heading + "{{range .}}\n\n{{.Title}}{{if .Link}}\n\n{{.Link}}{{end}}{{end}}{{end}}"
	}
	return part("Items", none) + part("MoreItems", one) + "\n"
}
