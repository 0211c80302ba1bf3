package qa

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with posts.
var (
	codeAlreadyAnswered = problem.Define("already_answered", http.StatusForbidden,
		problem.Text("Already answered", "すでに回答しています"),
		problem.Text("On this site one answers a question once.", "このサイトでは1つの質問に回答できるのは1回だけです。"))
	codeAnswersUncommented = problem.Define("answers_uncommented", http.StatusForbidden,
		problem.Text("Answers without a comment", "コメントのない回答があります"),
		problem.Text("Before you ask again, comment on the answers that your questions got in the last %d days: %s.",
			"次の質問をする前に、過去%d日間にあなたの質問に付いた回答（%s）にコメントしてください。"))
	codeBestAnswerFinal = problem.Define("best_answer_final", http.StatusForbidden,
		problem.Text("Best answer chosen for good", "ベストアンサーは変更できません"),
		problem.Text("On this site the best answer is chosen once; only administrators can change the choice.",
			"このサイトではベストアンサーを選べるのは1回だけです。変更できるのは管理者だけです。"))
	codeClosed = problem.Define("closed", http.StatusForbidden,
		problem.Text("Question closed", "質問は閉じられています"),
		problem.Text("This question is closed.", "この質問は閉じられています。"))
	codeClosedByOther = problem.Define("closed_by_other", http.StatusForbidden,
		problem.Text("Closed by someone else", "他の人が閉じました"),
		problem.Text("Somebody else closed this question.", "この質問は他の人が閉じました。"))
	codeHasReplies = problem.Define("has_replies", http.StatusForbidden,
		problem.Text("Has posts below", "下に投稿があります"),
		problem.Text("A post with other posts below it cannot be deleted.", "下に他の投稿がある投稿は削除できません。"))
	codeHidden = problem.Define("hidden", http.StatusForbidden,
		problem.Text("Post hidden", "非表示の投稿です"),
		problem.Text("This post has been hidden.", "この投稿は非表示になっています。"))
	codeHiddenByOther = problem.Define("hidden_by_other", http.StatusForbidden,
		problem.Text("Hidden by someone else", "他の人が非表示にしました"),
		problem.Text("Somebody else hid this post, or flags did; only they who may show any post can show it again.",
			"この投稿は他の人または通報によって非表示になりました。再表示できるのは権限のある人だけです。"))
	codeNotClaimable = problem.Define("not_claimable", http.StatusForbidden,
		problem.Text("Not yours to claim", "引き取れない投稿です"),
		problem.Text("Only anonymous posts written from this browser can be claimed.",
			"このブラウザーから匿名で書いた投稿だけを自分のものにできます。"))
	codeNotHidden = problem.Define("not_hidden", http.StatusForbidden,
		problem.Text("Not hidden", "非表示ではありません"),
		problem.Text("Only hidden posts can be deleted; hide it first.", "削除できるのは非表示の投稿だけです。先に非表示にしてください。"))
	codeNotQueued = problem.Define("not_queued", http.StatusConflict,
		problem.Text("Not waiting for approval", "承認待ちではありません"),
		problem.Text("This post is not waiting for approval.", "この投稿は承認待ちではありません。"))
	codeOwnFlagOnly = problem.Define("own_flag_only", http.StatusConflict,
		problem.Text("No flag but one's own", "自分の報告しかありません"),
		problem.Text("Nobody but you flagged this; take your own flag back instead.",
			"この投稿を報告しているのはあなただけです。自分の報告を取り消してください。"))
	codeOwnPost = problem.Define("own_post", http.StatusForbidden,
		problem.Text("Own post", "自分の投稿です"),
		problem.Text("This cannot be done with a post of one's own.", "自分の投稿に対してこの操作はできません。"))
	codeProfileIncomplete = problem.Define("profile_incomplete", http.StatusForbidden,
		problem.Text("Profile incomplete", "プロフィールが未入力です"),
		problem.Text("Before you ask, fill in the fields location and about of your profile.",
			"質問する前に、プロフィールの location（地域）と about（自己紹介）を入力してください。"))
	codeQueued = problem.Define("queued", http.StatusForbidden,
		problem.Text("Waiting for approval", "承認待ちです"),
		problem.Text("This post is waiting for approval.", "この投稿は承認を待っています。"))
	codeTagsRestricted = problem.Define("tags_restricted", http.StatusForbidden,
		problem.Text("Tags are not yours to choose", "タグは設定できません"),
		problem.Text("On this site you cannot choose the tags of questions.", "このサイトでは、あなたは質問のタグを設定できません。"))
)

// The codes of fields that are wrong in ways that only this module knows.
var (
	fieldItself = problem.DefineField("itself",
		"is the question itself",
		"その質問自身です")
	fieldNoAnswer = problem.DefineField("no_answer",
		"names no answer that a question can follow from",
		"該当する、関連質問を作れる回答はありません")
	fieldNoAnswerHere = problem.DefineField("no_answer_here",
		"names no visible answer to this question",
		"この質問の表示中の回答ではありません")
	fieldNoParent = problem.DefineField("no_parent",
		"names neither the question nor another answer that takes comments",
		"コメントを付けられる質問または別の回答ではありません")
	fieldNoOwnPicture = problem.DefineField("no_own_picture",
		"names no picture of this site",
		"該当する画像はありません")
	fieldNoQuestion = problem.DefineField("no_question",
		"names no question of this site",
		"該当する質問はありません")
	fieldNotAllowedCategory = problem.DefineField("not_allowed_category",
		"may not be used by you for questions",
		"あなたが質問できないカテゴリーです")
	fieldRepeated = problem.DefineField("repeated",
		"repeats a recent post",
		"最近の投稿と同じ内容です")
	fieldTooComplex = problem.DefineField("too_complex",
		"has too many marks in one place; put blank lines between paragraphs, and nest less",
		"記号が1か所に多すぎます。段落の間に空行を入れ、入れ子を減らしてください")
)
