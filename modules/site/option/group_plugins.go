package option

import "38qa.net/backend/modules/kernel/weblink"

// plugins are the options of plugins whose rules this backend knows.
var plugins = []*Definition{
	permit(EditHistoryViewPerms, ForAll, ForSupers, false, "questions answers comments",
		"Who may read earlier versions of posts.", "投稿の編集履歴を読める人です。"),
	boolean(EventLoggerToDatabase, "moderation",
		"Events are also written into the table of the plugin Event Logger, if the site has it.",
		"Event Logger プラグインのテーブルがあれば、イベントをそこにも記録します。"),
	boolean(WysiwygEditorUploadImages, "media",
		"Pictures can be uploaded with posts (WYSIWYG editor).", "投稿に画像をアップロードできます（WYSIWYG エディター）。"),
	boolean(MediumEditorUploadImages, "media",
		"Pictures can be uploaded with posts (Medium editor).", "投稿に画像をアップロードできます（Medium エディター）。"),
	boolean(WysiwygEditorUploadAll, "media",
		"Files other than pictures can be uploaded with posts.", "画像以外のファイルも投稿にアップロードできます。"),
	boolean(XMLSitemapShowQuestions, "sitemap",
		"The sitemap has questions.", "サイトマップに質問を載せます。"),
	boolean(XMLSitemapShowUsers, "sitemap",
		"The sitemap has users.", "サイトマップにユーザーを載せます。"),
	boolean(XMLSitemapShowTagQs, "sitemap",
		"The sitemap has tags.", "サイトマップにタグを載せます。"),
	boolean(XMLSitemapShowCategoryQs, "sitemap",
		"The sitemap has categories.", "サイトマップにカテゴリーを載せます。"),
	number(PluginTagDescMaxLen, 1, 8000, "tags",
		"How many characters a tag's summary has.", "タグの概要の文字数です。"),
	permit(PluginTagDescPermitEdit, ForUsers, ForSupers, false, "tags",
		"Who may edit the pages of tags.", "タグのページを編集できる人です。"),
	text(Text, PluginTagDescDefaultImage, 0, 500, "tags",
		"Address of the picture of tags without one.", "画像のないタグに表示する画像の URL です。").must(isPicture),
	number(PluginCatDescMaxLen, 1, 8000, "categories",
		"How many characters a category's summary has.", "カテゴリーの概要の文字数です。"),
	permit(PluginCatDescPermitEdit, ForUsers, ForSupers, false, "categories",
		"Who may edit the pages of categories.", "カテゴリーのページを編集できる人です。"),
	boolean(Q2aTagSetRestrictionEnabled, "tags questions",
		"Only super administrators choose tags. The setting TAG_SET_RESTRICTION says whether the rule holds.",
		"タグを選べるのは特権管理者だけです。環境変数 TAG_SET_RESTRICTION でこの規則の有無を決めます。"),
	number(QaAskRestrictionDate, 0, 3650, "questions",
		"For how many days back askers have to comment on the answers to their questions; 0 where there is "+
			"no such rule. The setting ASK_RESTRICTION says whether it holds.",
		"質問者が自分の質問への回答にコメントすべき期間（日数）です。0 ならこの規則はありません。"+
			"環境変数 ASK_RESTRICTION で有無を決めます。").
		optional(),
}

// optional says that the number may be unset.
func (d *Definition) optional() *Definition {
	d.Optional = true
	return d
}

// isPicture reports whether a text is an address of the web or of a file of the site.
func isPicture(text string) bool { return weblink.OnSite(text) != "" }
