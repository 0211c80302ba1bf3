package option

var spam = []*Definition{
	boolean(ConfirmUserEmails, "accounts mail permissions",
		"Users are asked to confirm their e-mail addresses.", "メールアドレスの確認を求めます。"),
	boolean(ConfirmUserRequired, "accounts",
		"New users can do nothing before they have confirmed their addresses.",
		"新規ユーザーは、メールアドレスを確認するまで何もできません。"),
	boolean(ModerateUsers, "accounts moderation permissions",
		"Moderators approve users.", "モデレーターがユーザーを承認します。"),
	captcha(CaptchaOnRegister, "Signing up", "新規登録"),
	captcha(CaptchaOnResetPassword, "Asking for a new password", "パスワードの再設定"),
	captcha(CaptchaOnAnonPost, "Writing without an account", "匿名での投稿"),
	captcha(CaptchaOnUnapproved, "Writing before approval", "未承認のユーザーの投稿"),
	captcha(CaptchaOnUnconfirmed, "Writing before the address is confirmed", "メールアドレス未確認のユーザーの投稿"),
	captcha(CaptchaOnFeedback, "Sending feedback", "お問い合わせ"),
	text(Text, CaptchaModule, 0, 40, "captcha",
		"Name of the old site's module of challenges, such as reCAPTCHA. The setting CAPTCHA_SECRET takes "+
			"its place.",
		"旧サイトの画像認証モジュールの名前（reCAPTCHA など）です。環境変数 CAPTCHA_SECRET があればそちらが優先されます。").
		underived(),
	text(Text, RecaptchaPublicKey, 0, 100, "captcha",
		"The site's key of reCAPTCHA, which is public.", "reCAPTCHA のサイトキー（公開）です。").
		must(keyForm.MatchString),
	boolean(ModerateAnonPost, "moderation",
		"What is written without an account waits for approval.", "匿名の投稿は承認制にします。"),
	boolean(ModerateUnapproved, "moderation",
		"What unapproved users write waits for approval.", "未承認のユーザーの投稿は承認制にします。"),
	boolean(ModerateUnconfirmed, "moderation",
		"What users with unconfirmed addresses write waits for approval.",
		"メールアドレス未確認のユーザーの投稿は承認制にします。"),
	boolean(ModerateByPoints, "moderation",
		"What users with few points write waits for approval.", "ポイントの少ないユーザーの投稿は承認制にします。"),
	number(ModeratePointsLimit, 0, 1000000000, "moderation",
		"From how many points on posts do not wait for approval.", "このポイント以上のユーザーの投稿は承認を必要としません。"),
	boolean(ModerateEditedAgain, "moderation",
		"Edited posts wait for approval again.", "編集された投稿も再び承認制にします。"),
	boolean(ModerateNotifyAdmin, "moderation mail",
		"Mails each post that waits for approval to the address for feedback.",
		"承認待ちの投稿を、問い合わせ先のアドレスへ通知します。"),
	choice(ModerateUpdateTime, "moderation",
		"The time that an approved post has.", "承認された投稿の日時です。",
		value("0", "When it was written", "書かれた日時"), value("1", "When it was approved", "承認された日時")),
	boolean(FlaggingOfPosts, "flags",
		"Posts can be flagged.", "投稿を通報できます。"),
	number(FlaggingNotifyFirst, 1, 1000, "flags mail",
		"At how many flags of a post a mail is sent.", "この件数の通報でメールを送ります。"),
	number(FlaggingNotifyEvery, 1, 1000, "flags mail",
		"After how many further flags the next mail is sent.", "さらにこの件数の通報があるたびにメールを送ります。"),
	number(FlaggingHideAfter, 2, 1000, "flags moderation",
		"At how many flags a post is hidden.", "この件数の通報で投稿を非表示にします。"),
	text(Addresses, BlockIPsWrite, 0, contentLength, "accounts questions answers comments",
		"IP addresses from which nobody can write: single ones, ranges (a-b), or with * in place of a part.",
		"書き込みを禁止する IP アドレスです。個別のアドレス、範囲（a-b）、または * を使った形で指定します。"),
	perAddress(MaxRateIPRegisters, "accounts", "registrations", "新規登録"),
	perAddress(MaxRateIPLogins, "accounts", "attempts to sign in", "ログインの試行").least(1),
	perAddress(MaxRateIPQs, "questions", "questions", "質問"),
	perUser(MaxRateUserQs, "questions", "questions", "質問"),
	perAddress(MaxRateIPAs, "answers", "answers", "回答"),
	perUser(MaxRateUserAs, "answers", "answers", "回答"),
	perAddress(MaxRateIPCs, "comments", "comments", "コメント"),
	perUser(MaxRateUserCs, "comments", "comments", "コメント"),
	perAddress(MaxRateIPVotes, "votes", "votes", "投票"),
	perUser(MaxRateUserVotes, "votes", "votes", "投票"),
	perAddress(MaxRateIPFlags, "flags", "flags", "通報"),
	perUser(MaxRateUserFlags, "flags", "flags", "通報"),
	perAddress(MaxRateIPUploads, "media", "uploads", "アップロード"),
	perUser(MaxRateUserUploads, "media", "uploads", "アップロード"),
	perAddress(MaxRateIPMessages, "messages wall", "messages and wall posts, each", "メッセージとウォール投稿（それぞれ）"),
	perUser(MaxRateUserMessages, "messages wall", "messages and wall posts, each", "メッセージとウォール投稿（それぞれ）"),
}

func captcha(k Key, english, japanese string) *Definition {
	return boolean(k, "captcha", english+" needs a solved challenge.", japanese+"に画像認証を求めます。")
}

// maxRate is the greatest hourly limit.
const maxRate = 1000000

func perAddress(k Key, affects, english, japanese string) *Definition {
	return number(k, 0, maxRate, "limits "+affects,
		"How many "+english+" an IP address may send in an hour.",
		"1 つの IP アドレスが 1 時間に行える"+japanese+"の回数です。")
}

func perUser(k Key, affects, english, japanese string) *Definition {
	return number(k, 0, maxRate, "limits "+affects,
		"How many "+english+" a user may send in an hour.",
		"1 人のユーザーが 1 時間に行える"+japanese+"の回数です。")
}

// least sets the least number.
func (d *Definition) least(n int) *Definition {
	d.Min = n
	return d
}
