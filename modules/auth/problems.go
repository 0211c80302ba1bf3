package auth

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with who is calling. Other modules name those that are exported.
var (
	codeAccountBusy = problem.Define("account_busy", http.StatusConflict,
		problem.Text("Account under work", "アカウントは処理中です"),
		problem.Text("One of the accounts is being merged or anonymised; wait until that is done.",
			"アカウントの統合または匿名化が進行中です。完了してからもう一度お試しください。"))
	codeAvatarsOff = problem.Define("avatars_off", http.StatusForbidden,
		problem.Text("No pictures of users", "プロフィール画像は使えません"),
		problem.Text("On this site users cannot upload pictures of themselves.",
			"このサイトではプロフィール画像をアップロードできません。"))
	codeEmailUnconfirmed = problem.Define("email_unconfirmed", http.StatusForbidden,
		problem.Text("E-mail not confirmed", "メールアドレスが未確認です"),
		problem.Text("Confirm your e-mail address first.", "先にメールアドレスを確認してください。"))
	codeForeignOrigin = problem.Define("foreign_origin", http.StatusForbidden,
		problem.Text("Page of another origin", "別のオリジンのページです"),
		problem.Text("A cookie signs in only from pages of this server or of the origins that it allows.",
			"Cookie によるログインは、このサーバーが許可したオリジンのページからのみ行えます。"))
	codeHandleFixed = problem.Define("handle_fixed", http.StatusForbidden,
		problem.Text("Handle cannot change", "ユーザー名は変更できません"),
		problem.Text("On this site users who have written something keep their handles.",
			"このサイトでは、投稿したことのあるユーザーは名前を変更できません。"))
	codeInvalidCredentials = problem.Define("invalid_credentials", http.StatusUnauthorized,
		problem.Text("Sign-in refused", "ログインできませんでした"),
		problem.Text("There is no account with that name and password.", "ユーザー名（メールアドレス）またはパスワードが正しくありません。"))
	codeIPBlocked = problem.Define("ip_blocked", http.StatusForbidden,
		problem.Text("Address blocked", "アドレスはブロックされています"),
		problem.Text("Your network address is blocked.", "お使いのネットワークアドレスはブロックされています。"))
	CodeLoginRequired = problem.Define("login_required", http.StatusForbidden,
		problem.Text("Sign-in required", "ログインが必要です"),
		problem.Text("Only signed-in users may do this.", "この操作にはログインが必要です。"))
	CodeMuted = problem.Define("muted", http.StatusForbidden,
		problem.Text("Muted", "ミュートされています"),
		problem.Text("This user has muted you and takes no answers, comments and messages of yours.",
			"このユーザーはあなたをミュートしているため、回答・コメント・メッセージを受け付けません。"))
	codeNotByToken = problem.Define("not_by_token", http.StatusForbidden,
		problem.Text("Not with an API token", "APIトークンではできません"),
		problem.Text("No API token can do this; sign in.", "この操作はAPIトークンではできません。ログインしてください。"))
	codeTokenScope = problem.Define("token_scope", http.StatusForbidden,
		problem.Text("Scope missing", "APIトークンの権限が足りません"),
		problem.Text("The API token lacks the scope %s.", "このAPIトークンには権限（スコープ）%s がありません。"))
	codeTooManyTokens = problem.Define("too_many_tokens", http.StatusConflict,
		problem.Text("Too many API tokens", "APIトークンが多すぎます"),
		problem.Text("One can have %d API tokens; revoke one first.", "APIトークンは %d 個までです。先に不要なものを無効にしてください。"))
	codeNotApproved = problem.Define("not_approved", http.StatusForbidden,
		problem.Text("Not approved", "未承認のユーザーです"),
		problem.Text("Your account has to be approved first.", "アカウントが承認されるまでこの操作はできません。"))
	CodeOwnAccount = problem.Define("own_account", http.StatusForbidden,
		problem.Text("Own account", "自分のアカウントです"),
		problem.Text("This cannot be done with one's own account.", "自分のアカウントに対してこの操作はできません。"))
	CodePermissionLevel = problem.Define("permission_level", http.StatusForbidden,
		problem.Text("Not allowed", "権限がありません"),
		problem.Text("Your user level does not allow this.", "あなたのユーザーレベルではこの操作はできません。"))
	CodePermissionPoints = problem.Define("permission_points", http.StatusForbidden,
		problem.Text("Not enough points", "ポイントが足りません"),
		problem.Text("This needs more points than you have.", "この操作にはポイントが足りません。"))
	codeRegistrationClosed = problem.Define("registration_closed", http.StatusForbidden,
		problem.Text("No new accounts", "新規登録を停止しています"),
		problem.Text("This site takes no new accounts at the moment.", "このサイトでは現在、新規登録を受け付けていません。"))
	codeSessionEnded = problem.Define("session_ended", http.StatusUnauthorized,
		problem.Text("Session ended", "セッションが終了しました"),
		problem.Text("The refresh token is not good, or not any more; sign in again.",
			"リフレッシュトークンが無効です。もう一度ログインしてください。"))
	codeSignInAgain = problem.Define("sign_in_again", http.StatusForbidden,
		problem.Text("Sign in again", "もう一度ログインしてください"),
		problem.Text("This needs a sign-in within the last %d minutes.", "この操作には %d 分以内のログインが必要です。"))
	codeTicketEnded = problem.Define("ticket_ended", http.StatusUnauthorized,
		problem.Text("Ticket not good", "チケットが無効です"),
		problem.Text("The ticket has been used, is too old or unknown; get a new one.",
			"チケットは使用済みか、期限切れか、存在しません。新しいチケットを取得してください。"))
	codeTargetBlocked = problem.Define("target_blocked", http.StatusForbidden,
		problem.Text("User is blocked", "ブロック中のユーザーです"),
		problem.Text("This user is blocked; unblock the account first.",
			"このユーザーはブロックされています。先にブロックを解除してください。"))
	codeUserBlocked = problem.Define("user_blocked", http.StatusForbidden,
		problem.Text("User blocked", "ユーザーはブロックされています"),
		problem.Text("Your account is blocked.", "あなたのアカウントはブロックされています。"))
)

// The codes of fields that are wrong in ways that only this module knows.
var (
	fieldNoAccount = problem.DefineField("no_account",
		"names no account of this site",
		"該当するアカウントはありません")
	fieldNoUpload = problem.DefineField("no_upload",
		"cannot be chosen before a picture was uploaded",
		"画像をアップロードするまで選べません")
	fieldNotAllowedHandle = problem.DefineField("not_allowed_handle",
		"is not allowed as a name on this site",
		"このサイトでは使えない名前です")
	fieldSameAccount = problem.DefineField("same_account",
		"names the account itself",
		"同じアカウントは指定できません")
	fieldTaken = problem.DefineField("taken",
		"belongs to another account",
		"すでに使われています")
	fieldWrongCaptcha = problem.DefineField("wrong_captcha",
		"is not of a solved challenge, or was used before; solve another one",
		"チャレンジが正しく解かれていないか、すでに使われています。もう一度お試しください")
	fieldWrongCode = problem.DefineField("wrong_code",
		"is not the code that was mailed",
		"お送りしたコードと一致しません")
	fieldWrongPassword = problem.DefineField("wrong_password",
		"is not the account's password",
		"正しくありません")
)
