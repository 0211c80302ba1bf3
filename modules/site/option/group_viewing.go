package option

// viewing, lists and feeds are the options of Q2A's pages of these names, without what only concerns the old
// site.
var viewing = []*Definition{
	number(QURLsTitleLength, 1, 200, "questions",
		"How many characters of its title a question's address has.", "質問の URL に入れるタイトルの文字数です。"),
	boolean(QURLsRemoveAccents, "questions",
		"Letters in questions' addresses lose their accents.", "質問の URL からアクセント記号を取り除きます。"),
	boolean(DoCountQViews, "questions hotness",
		"Views of questions are counted.", "質問の閲覧数を数えます。"),
	boolean(RecalcHotnessQView, "questions hotness",
		"Each view computes a question's hotness anew.", "閲覧のたびに質問の注目度を計算し直します。"),
	boolean(VotingOnQs, "votes questions",
		"Questions can be voted on.", "質問に投票できます。"),
	boolean(VotingOnAs, "votes answers",
		"Answers can be voted on.", "回答に投票できます。"),
	boolean(VotingOnCs, "votes comments",
		"Comments can be voted on.", "コメントに投票できます。"),
	boolean(ShowURLLinks, "questions answers comments",
		"Web addresses in texts become links.", "文章中の URL をリンクにします。"),
	boolean(LinksInNewWindow, "questions answers comments",
		"Links in texts open in a new window.", "文章中のリンクを新しいウィンドウで開きます。"),
	boolean(ShowUserTitles, "users",
		"Users have titles by their points.", "ポイントに応じた称号を表示します。"),
	boolean(ShowUserPoints, "users",
		"Points are shown beside authors.", "投稿者のポイントを表示します。"),
	boolean(ShowPostUpdateMeta, "questions answers comments",
		"Posts show who changed them last, and when.", "投稿を最後に変更した人と日時を表示します。"),
	choice(SortAnswersBy, "answers",
		"The order of a question's answers.", "回答の並び順です。",
		value("created", "By time", "時刻順"), value("votes", "By votes", "投票順")),
	boolean(ShowSelectedFirst, "answers",
		"The best answer comes first.", "ベストアンサーを先頭に表示します。"),
	choice(MatchRelatedQs, "related",
		"How like a question related ones have to be.", "関連する質問として表示する類似度です。", matches()...),
	number(PageSizeRelatedQs, 0, maxQuestions, "related",
		"How many related questions are shown.", "関連する質問の件数です。"),
}

// The most entries that Q2A's lists have.
const (
	maxQuestions = 50
	maxTags      = 200
	maxUsers     = 200
)

// matches returns how like texts can be demanded to be.
func matches() []Choice {
	return []Choice{value("5", "Widest: hardly alike", "最も広い（わずかに似ている）"), value("4", "Wider", "広い"),
		value("3", "Default", "標準"), value("2", "Narrower", "狭い"),
		value("1", "Narrowest: much alike", "最も狭い（よく似ている）")}
}

var lists = []*Definition{
	number(PageSizeActivity, 1, maxQuestions, "lists",
		"How many entries lists of activity have.", "最近の活動の 1 ページの件数です。"),
	number(PageSizeQs, 1, maxQuestions, "lists",
		"How many questions lists of questions have.", "質問一覧の 1 ページの件数です。"),
	number(PageSizeHotQs, 1, maxQuestions, "lists",
		"How many questions the list of hot questions has.", "注目の質問の 1 ページの件数です。"),
	number(PageSizeUnaQs, 1, maxQuestions, "lists",
		"How many questions lists of unanswered questions have.", "未回答の質問の 1 ページの件数です。"),
	number(PageSizeTagQs, 1, maxQuestions, "lists tags",
		"How many questions a tag's list has.", "タグの質問一覧の 1 ページの件数です。"),
	number(PageSizeTags, 1, maxTags, "lists tags",
		"How many tags lists of tags have.", "タグ一覧の 1 ページの件数です。"),
	number(PageSizeUsers, 1, maxUsers, "lists users",
		"How many users lists of users have.", "ユーザー一覧の 1 ページの件数です。"),
	number(PageSizeSearch, 1, maxQuestions, "lists search",
		"How many questions search finds at a time.", "検索結果の 1 ページの件数です。"),
	hotWeight(HotWeightQAge, "a question's age", "質問の新しさ"),
	hotWeight(HotWeightAAge, "its newest answer's age", "最新の回答の新しさ"),
	hotWeight(HotWeightAnswers, "its number of answers", "回答数"),
	hotWeight(HotWeightVotes, "its votes", "投票数"),
	hotWeight(HotWeightViews, "its views", "閲覧数"),
}

func hotWeight(k Key, english, japanese string) *Definition {
	return number(k, 0, 10000, "hotness",
		"Weight of "+english+" in a question's hotness, in hundredths. All questions are computed anew in "+
			"the background.",
		"注目度における"+japanese+"の重み（100 分率）です。変更すると、全質問の注目度を裏で計算し直します。")
}

var feeds = []*Definition{
	feed(FeedForQuestions, "new questions", "新しい質問"),
	feed(FeedForQa, "new questions and answers", "新しい質問と回答"),
	feed(FeedForActivity, "all activity", "すべての活動"),
	feed(FeedForHot, "hot questions", "注目の質問"),
	feed(FeedForUnanswered, "unanswered questions", "未回答の質問"),
	feed(FeedForTagQs, "the questions of each tag", "タグごとの質問"),
	boolean(FeedPerCategory, "feeds categories",
		"Feeds also exist for each category.", "カテゴリーごとのフィードも提供します。"),
	feed(FeedForSearch, "the results of searches", "検索結果"),
	number(FeedNumberItems, 0, maxQuestions, "feeds",
		"How many entries feeds have.", "フィードの件数です。"),
	boolean(FeedFullText, "feeds",
		"Feeds have the texts of posts, and not only their titles.", "フィードに本文も載せます。"),
}

func feed(k Key, english, japanese string) *Definition {
	return boolean(k, "feeds", "There is a feed of "+english+".", japanese+"のフィードを提供します。")
}
