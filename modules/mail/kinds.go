package mail

import (
	"context"
	"maps"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site/option"
)

// To add a kind of mail, name the event that causes it in the function following, or followingPost, and
// describe the mail itself in one of the maps of kinds.

// following returns the mails that follow from an event about an account or a message.
func following(e events.Event) []queued {
	user := number(e, "userid")
	switch {
	case e.Name == "u_register" && e.Actor.UserID > 0:
		return []queued{{kind: "welcome", userID: e.Actor.UserID}, {kind: "registered", userID: e.Actor.UserID}}
	case e.Name == "u_level" && user > 0 && number(e, "level") >= auth.LevelApproved &&
		number(e, "oldlevel") < auth.LevelApproved:
		return []queued{{kind: "approved", userID: user}}
	case e.Name == "u_confirm_code" && user > 0:
		return []queued{{kind: "confirm", userID: user}}
	case e.Name == "u_export" && user > 0:
		return []queued{{kind: kindExport, userID: user, about: about{Number: number(e, "exportid")}}}
	case e.Name == "u_reset_code" && user > 0:
		return []queued{{kind: "reset", userID: user}}
	case e.Name == "feedback":
		return []queued{feedbackMail(e)}
	case e.Name == "u_wall_post" && user > 0 && user != e.Actor.UserID:
		return []queued{{kind: "wall_post", userID: user,
			about: about{Message: number(e, "messageid"), By: e.Actor.UserID}}}
	case e.Name == "u_message" && user > 0:
		what := about{Message: number(e, "messageid"), By: e.Actor.UserID}
		if what.Message == 0 { // the site keeps no messages, so that only the event has it
			what.Text, _ = e.Param("message").(string)
		}
		return []queued{{kind: "private_message", userID: user, about: what}}
	}
	return nil
}

// kind describes a kind of mail.
type kind struct {
	// toSite is whether the mail goes to the address in the option feedback_email instead of to the
	// user.
	toSite bool
	// topic is by which members turn such mails off; "" for mails that nobody can turn off.
	topic topic
	// code is the purpose of the code in the mail, as Settings.Code takes it; "" for mails without
	// a code.
	code string
	// aboutPost and aboutMessage report whether the mail is about a post, or about a message.
	aboutPost, aboutMessage bool
	// followed reports whether the mail is about something that the recipient follows, and digest
	// whether it is about many such things.
	followed, digest bool
	// censored reports whether the site's blocked words are replaced in the message.
	censored bool
	// engaging reports whether nobody but the site wants the mail, so that members get it only if they
	// are confirmed, are not blocked and want mailings.
	engaging bool
	// load reads what the mail tells of besides a post or a message. It may be nil.
	load func(m *Module, ctx context.Context, r *row, c *content) error
	// address returns the recipient's address, of mails that go neither to the site nor to an account
	// nor to the author of a post. It may be nil.
	address func(c *content, r *row) string
	// own returns the words of the site's options for the mail. It may be nil.
	own func(c *content) ownText
	// prepare fills in what the templates need beyond the data about the user, the post and the message.
	// If the mail is not needed (any more), it returns the reason instead. It may be nil.
	prepare func(c *content) (unneeded gone)
	en, ja  text
}

// kinds holds all kinds of mail, by the names that the queue stores.
var kinds = joined(accountKinds, exportKinds, postKinds, messageKinds, feedbackKinds, followKinds, digestKinds,
	engagementKinds, mailingKinds)

func joined(parts ...map[string]kind) map[string]kind {
	all := map[string]kind{}
	for _, m := range parts {
		maps.Copy(all, m)
	}
	return all
}

// accountKinds are the mails about accounts.
var accountKinds = map[string]kind{
	"welcome": {
		code: "confirm",
		prepare: func(c *content) gone {
			if c.unconfirmed() {
				c.Code, c.Link = c.user.code, c.links.confirmation(c.user)
			}
			c.Profile = c.links.profile(c.user)
			if c.options.Bool(option.ShowCustomWelcome) {
				c.Message = strings.TrimSpace(c.options.String(option.CustomWelcome))
			}
			return ""
		},
		en: parse(`Welcome to {{.Site}}

Hello {{.Handle}},

it is good to have you at {{.Site}}.
{{- if .Message}}

{{.Message}}
{{- end}}
{{- if .Link}}

One step is left: please open this link, so that we know that this address is yours.

{{.Link}}

If you are asked for a code, it is {{.Code}}
{{- else if .Code}}

One step is left, so that we know that this address is yours: please confirm it with the code {{.Code}}
{{- end}}
{{- if .Waiting}}

A moderator will have a look at your account soon. We will write to you when it is approved.
{{- end}}
{{- if .Profile}}

Your profile:
{{.Profile}}
{{- end}}
{{- if .Code}}

If you have not opened an account at {{.Site}}, please do not confirm this address: somebody else has given it.
{{- end}}
`),
		ja: parse(`{{.Site}} へようこそ

{{.Handle}} 様

{{.Site}} にご参加いただき、ありがとうございます。
{{- if .Message}}

{{.Message}}
{{- end}}
{{- if .Link}}

このメールアドレスがご本人のものであることを確かめるため、次のリンクを開いてください。

{{.Link}}

コードの入力を求められたときは、こちらをお使いください: {{.Code}}
{{- else if .Code}}

このメールアドレスがご本人のものであることを確かめるため、次のコードで確認を完了してください: {{.Code}}
{{- end}}
{{- if .Waiting}}

アカウントは管理者による承認をお待ちいただいております。承認されましたら、メールでお知らせいたします。
{{- end}}
{{- if .Profile}}

プロフィール:
{{.Profile}}
{{- end}}
{{- if .Code}}

{{.Site}} に登録した覚えのない場合は、第三者がこのアドレスを入力した可能性がありますので、確認の操作をしないでください。
{{- end}}
`),
	},
	"registered": {
		toSite: true,
		prepare: func(c *content) gone {
			if !c.options.Bool(option.RegisterNotifyAdmin) {
				return "option register_notify_admin is off"
			}
			c.Profile = c.links.profile(c.user)
			c.Link = c.links.to([]string{"admin", "approve"})
			return ""
		},
		en: parse(`{{.Site}}: new user {{.Handle}}

{{.Handle}} has just opened an account at {{.Site}}.

{{.Profile}}
{{- if .Waiting}}

The account waits for your approval:
{{.Link}}
{{- end}}
`),
		ja: parse(`{{.Site}}: 新規ユーザー {{.Handle}}

{{.Site}} に {{.Handle}} さんが新しく登録しました。

{{.Profile}}
{{- if .Waiting}}

このアカウントは承認待ちです。次のページで承認できます。
{{.Link}}
{{- end}}
`),
	},
	"approved": {
		prepare: func(c *content) gone {
			if c.user.level < auth.LevelApproved {
				return "the user is not approved any more"
			}
			c.Profile = c.links.profile(c.user)
			return ""
		},
		en: parse(`Your account at {{.Site}} is approved

Hello {{.Handle}},

your account at {{.Site}} is approved. Everything that members can do is open to you now.
{{- if .Profile}}

Your profile:
{{.Profile}}
{{- end}}
`),
		ja: parse(`{{.Site}} のアカウントが承認されました

{{.Handle}} 様

{{.Site}} のアカウントが承認されました。これより、会員向けのすべての機能をご利用いただけます。
{{- if .Profile}}

プロフィール:
{{.Profile}}
{{- end}}
`),
	},
	"confirm": {
		code: "confirm",
		prepare: func(c *content) gone {
			if !c.unconfirmed() {
				return "there is no code, or the address is confirmed"
			}
			c.Code, c.Link = c.user.code, c.links.confirmation(c.user)
			return ""
		},
		en: parse(`Please confirm your e-mail address for {{.Site}}

Hello {{.Handle}},

{{if .Link}}please open this link to confirm that this is your e-mail address.

{{.Link}}

If you are asked for a code, it is {{.Code}}
{{- else}}please confirm that this is your e-mail address with the code {{.Code}}
{{- end}}

If you know nothing of an account at {{.Site}}, you need not do anything.
`),
		ja: parse(`{{.Site}} メールアドレスのご確認

{{.Handle}} 様

{{if .Link}}次のリンクを開いて、メールアドレスの確認を完了してください。

{{.Link}}

コードの入力を求められたときは、こちらをお使いください: {{.Code}}
{{- else}}次のコードでメールアドレスの確認を完了してください: {{.Code}}
{{- end}}

お心当たりのない場合は、このメールを破棄してください。
`),
	},
	"reset": {
		code: "reset",
		prepare: func(c *content) gone {
			if c.user.code == "" {
				return "there is no code"
			}
			c.Code, c.Link = c.user.code, c.links.reset(c.user)
			return ""
		},
		en: parse(`A new password for {{.Site}}

Hello {{.Handle}},

somebody, most likely you, asked for a new password at {{.Site}}. {{if .Link}}You can choose one here:

{{.Link}}

If you are asked for a code, it is {{.Code}}
{{- else}}The code to choose one with is {{.Code}}
{{- end}}

If it was not you, please ignore this mail: your password stays as it is.
`),
		ja: parse(`{{.Site}} パスワードの再設定

{{.Handle}} 様

{{.Site}} でパスワードの再設定が申し込まれました。{{if .Link}}次のリンクから新しいパスワードを設定できます。

{{.Link}}

コードの入力を求められたときは、こちらをお使いください: {{.Code}}
{{- else}}新しいパスワードの設定に必要なコードはこちらです: {{.Code}}
{{- end}}

お申し込みに覚えのない場合は、このメールを無視してください。パスワードは変わりません。
`),
	},
}
