package option

// general, emails, users and mailing are the options of Q2A's pages of these names, without what only
// concerns the old site.
var general = []*Definition{
	text(Text, SiteTitle, 1, 200, "site mail feeds",
		"The site's name.", "サイトの名前です。").underived(),
	text(Text, SiteURL, 1, 200, "site mail feeds sitemap",
		"Address of the old site, with a slash at its end. The setting SITE_URL takes its place.",
		"旧サイトのアドレスで、末尾はスラッシュです。環境変数 SITE_URL があればそちらが優先されます。").
		underived().must(isSite),
	choice(NeatURLs, "mail",
		"How the old site writes addresses, which links in mails follow.",
		"旧サイトの URL の形式です。メール内のリンクもこれに従います。",
		value("1", "/123/title (needs a rewriting web server)", "/123/title（URL の書き換えが必要）"),
		value("0", "/index.php/123/title", "/index.php/123/title"),
		value("3", "/?qa=123/title", "/?qa=123/title"),
		value("4", "/?qa=123&qa_1=title", "/?qa=123&qa_1=title"),
		value("5", "/index.php?qa=123&qa_1=title", "/index.php?qa=123&qa_1=title")),
	text(Text, SiteLanguage, 0, 8, "site mail",
		"Language of the site and of its mails, such as ja; empty for English. The old site needs a folder "+
			"of it.",
		"サイトとメールの言語（ja など）です。空なら英語です。旧サイトに言語フォルダーが必要です。").
		must(languageForm.MatchString),
	choice(TagsOrCategories, "tags categories questions",
		"Whether questions have tags and categories.", "質問にタグとカテゴリーを付けるかどうかです。",
		value("", "Neither", "どちらもなし"), value("t", "Tags", "タグ"), value("c", "Categories", "カテゴリー"),
		value("tc", "Tags and categories", "タグとカテゴリー")),
	boolean(SiteMaintenance, "site",
		"Closes the old site's pages to all but administrators; the doctor reports it.",
		"旧サイトを管理者以外に閉じます。doctor が報告します。"),
}

var emails = []*Definition{
	text(Text, FromEmail, 1, 80, "mail",
		"Address from which mails come. The setting MAIL_FROM takes its place.",
		"メールの送信元アドレスです。環境変数 MAIL_FROM があればそちらが優先されます。").
		underived().must(isEmail),
	text(Text, FeedbackEmail, 0, 80, "mail",
		"Address to which feedback and messages for administrators go.",
		"お問い合わせと管理者への通知の送り先アドレスです。").must(isEmail),
	boolean(NotifyAdminQPost, "mail",
		"Mails each new question to the address for feedback.", "新しい質問があるたびに、問い合わせ先のアドレスへ通知します。"),
	boolean(FeedbackEnabled, "mail",
		"People can send feedback.", "お問い合わせを受け付けます。"),
}

var users = []*Definition{
	boolean(ShowNoticeVisitor, "notices",
		"Visitors see the notice for visitors.", "ゲストにお知らせを表示します。"),
	text(HTML, NoticeVisitor, 0, contentLength, "notices",
		"What the notice for visitors says.", "ゲスト向けのお知らせの内容です。"),
	boolean(ShowRegisterTerms, "accounts",
		"Who signs up has to accept the terms.", "登録時に利用規約への同意を求めます。"),
	boolean(ShowNoticeWelcome, "notices accounts",
		"New members see the welcome.", "新しいメンバーに歓迎のお知らせを表示します。"),
	text(HTML, NoticeWelcome, 0, contentLength, "notices",
		"What the welcome to new members says.", "新しいメンバーへの歓迎のお知らせの内容です。"),
	boolean(ShowCustomWelcome, "mail",
		"The mail to new members has an additional text.", "新規登録のメールに追加の文章を入れます。"),
	text(Lines, CustomWelcome, 0, contentLength, "mail",
		"The additional text of the mail to new members.", "新規登録のメールに入れる追加の文章です。"),
	boolean(AllowLoginEmailOnly, "accounts",
		"Only the e-mail address signs in, and not the handle.", "ログインにはメールアドレスだけを使い、ユーザー名は使えません。"),
	boolean(AllowChangeUsernames, "accounts",
		"Users can change their handles even when they have written something.",
		"投稿したことのあるユーザーも名前を変更できます。"),
	boolean(RegisterNotifyAdmin, "mail",
		"Mails each new account to the address for feedback.", "新規登録があるたびに、問い合わせ先のアドレスへ通知します。"),
	boolean(SuspendRegisterUsers, "accounts",
		"Nobody can sign up for the time being.", "新規登録を一時停止します。"),
	text(Words, BlockBadUsernames, 0, contentLength, "accounts",
		"Words that handles cannot have; * stands for any characters.",
		"ユーザー名に使えない言葉です。* は任意の文字を表します。"),
	boolean(AllowPrivateMessages, "messages",
		"Users can send each other messages.", "ユーザー同士でメッセージを送れます。"),
	boolean(ShowMessageHistory, "messages",
		"Messages are kept and can be read on the site.", "メッセージを保存し、サイト上で読めるようにします。"),
	number(PageSizePms, 1, 20, "messages lists",
		"How many messages a list has.", "メッセージ一覧の 1 ページの件数です。"),
	boolean(AllowUserWalls, "wall",
		"Users have walls to write on.", "ユーザーのウォールに書き込めます。"),
	number(PageSizeWall, 1, 20, "wall lists",
		"How many entries of a wall a list has.", "ウォールの 1 ページの件数です。"),
	boolean(AvatarAllowGravatar, "avatars",
		"Users can show their picture of Gravatar.", "Gravatar の画像を表示できます。"),
	boolean(AvatarAllowUpload, "avatars",
		"Users can upload pictures of themselves.", "プロフィール画像をアップロードできます。"),
	number(AvatarStoreSize, 1, 4000, "avatars",
		"Longest side of uploaded pictures as they are stored, in pixels.",
		"アップロードされたプロフィール画像を保存する大きさ（長辺のピクセル数）です。"),
	boolean(AvatarDefaultShow, "avatars",
		"Users without a picture are shown with the site's default.", "画像のないユーザーに既定の画像を表示します。"),
	avatarSize(AvatarProfileSize, "in profiles", "プロフィール"),
	avatarSize(AvatarUsersSize, "in lists of users", "ユーザー一覧"),
	avatarSize(AvatarQPageQSize, "beside questions", "質問"),
	avatarSize(AvatarQPageASize, "beside answers", "回答"),
	avatarSize(AvatarQPageCSize, "beside comments", "コメント"),
	avatarSize(AvatarQListSize, "in lists of questions", "質問一覧"),
	avatarSize(AvatarMessageListSize, "beside messages", "メッセージ一覧"),
	number(MaxStoreUserUpdates, 1, 1000, "updates",
		"How many updates are kept for each user.", "ユーザーごとに保存する更新情報の件数です。"),
}

func avatarSize(k Key, english, japanese string) *Definition {
	return number(k, 0, 1000, "avatars",
		"Size of users' pictures "+english+", in pixels; 0 shows none.",
		japanese+"に表示するプロフィール画像の大きさ（ピクセル）です。0 なら表示しません。")
}

var mailing = []*Definition{
	boolean(MailingEnabled, "mail accounts",
		"The site sends mailings, which users can refuse.", "一斉メールを送ります。ユーザーは受信を拒否できます。"),
}
