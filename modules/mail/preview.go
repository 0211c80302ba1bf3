package mail

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Preview passes each kind of mail in each language to write, as a page with made-up data; name is the
// kind and the language. It needs no site.
func Preview(write func(name, page string) error) error {
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		for _, language := range []string{"en", "ja"} {
			page, err := previewOf(name, language == "ja")
			if err == nil {
				err = write(name+"."+language, page)
			}
			if err != nil {
				return fmt.Errorf("preview of %s: %w", name, err)
			}
		}
	}
	return nil
}

// previewOf returns a kind of mail as a page.
func previewOf(name string, japanese bool) (string, error) {
	k := kinds[name]
	c := &content{
		Site: "Bee talk", Address: "https://bees.example/", Handle: "Hana", Who: "Taro", Flags: 2,
		NoMore: noMoreEn, Message: "May I come and see your hives?\nSunday would suit me.",
		Post: &Post{Author: "Taro", Title: "How large should a hive be?", QuestionID: 7, Visible: true,
			Text:    "22 cm on the inside has worked well here.\n\nIn cold winters less is better.",
			Parent:  "The larger the better, since a colony grows.",
			Address: "https://bees.example/7/how-large-should-a-hive-be?show=9#a9"},
		options: site.NewOptions(map[string]string{option.RegisterNotifyAdmin.Name(): "1"}),
		user:    user{email: "hana@example.com", handle: "Hana", code: "k3x9w2ab", level: auth.LevelApproved},
		links:   links{site: "https://bees.example/", neat: true},
	}
	if japanese {
		c.Site, c.Handle, c.Who, c.NoMore = "みつばちの広場", "花子", "太郎", noMoreJa
		c.Message = "巣箱を見に伺ってもよろしいでしょうか。\n日曜日はいかがですか。"
		c.Post.Author, c.Post.Title, c.Post.Parent = "太郎", "巣箱の大きさはどのくらいがよいですか", "群れは大きくなるので、大きいほどよいと思います。"
		c.Post.Text = "内寸 22 cm で問題ありませんでした。\n\n寒い地域では少し小さめがよいと思います。"
	}
	c.fillPreview(name, japanese)
	if !k.aboutMessage {
		c.Message = ""
	}
	if name == "feedback" {
		c.Feedback = &feedbackFrom{Name: c.Who, Email: "taro@example.com", Previous: "https://bees.example/",
			Browser: "Firefox", IP: "192.0.2.7"}
	}
	if name == "inquiry_reply" {
		c.Message, c.Link = "Where is the honey?", c.links.to([]string{"ask"})
		c.Feedback = &feedbackFrom{Name: c.Handle}
	}
	if k.topic != "" {
		c.Unsubscribe = "https://api.bees.example" + unsubscribePath + "?token=…"
	}
	c.previewFollowed(k, japanese)
	if k.prepare != nil {
		if unneeded := k.prepare(c); unneeded != "" {
			return "", unneeded
		}
	}
	subject, body, err := k.write(c, japanese)
	return page(subject, body, c.Unsubscribe, japanese), err
}

// fillPreview fills in made-up data that only mails which the site sends by itself show.
func (c *content) fillPreview(name string, japanese bool) {
	c.Number, c.Step = 50, 1
	if name == kindExport {
		c.Link, c.Until = "https://api.bees.example/v1/exports?token=…", "2026-12-07"
	}
	if strings.HasPrefix(name, "step_") {
		c.Number = 3
	}
	post := listedPost{c.Post.Title, "", c.Post.Address}
	if name == "comment_reminder" {
		post.Text = narrow(c.Post.Text, reminderColumns)
	}
	c.Items, c.MoreItems = []listedPost{post, post}, []listedPost{post}
	language := 0
	if japanese {
		language = 1
	}
	c.Figures = []figure{{figureLabels["questions"][language], "12"}, {figureLabels["answers"][language], "34"}}
	c.CSV = c.Figures[0].Label + "," + c.Figures[1].Label + "\n12,34"
	c.letter = ownText{title: "Our meeting in spring", body: "We meet on the first Sunday of April.", whole: true}
	if japanese {
		c.letter.title, c.letter.body = "春の集まりのお知らせ", "4 月の第 1 日曜日に集まります。"
	}
}
