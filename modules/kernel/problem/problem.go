// Package problem defines the errors that reach a client. Each has a stable code, an HTTP status and
// texts in English and Japanese. Use cases make them, and only package web turns them into RFC 9457
// problem details.
package problem

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Language is the language of a problem's texts. The code is the same in all languages.
type Language string

// The languages in which problems have texts.
const (
	English  Language = "en"
	Japanese Language = "ja"
)

// Error is an error that tells a client why its request was refused or failed. The zero value is not
// useful: make one with New.
type Error struct {
	// Code identifies the problem. Codes are stable and in snake_case; Codes lists them.
	Code string
	// Args fill the placeholders of the code's detail text.
	Args []any
	// Fields lists the parts of the input that were wrong, if the input was.
	Fields []Field
	// MoreFields is the number of wrong parts of the input that Fields leaves out.
	MoreFields int
	// Action is what the caller did too often, if the code is rate_limit and the limit is an hourly
	// one.
	Action string
	// RetryAfter is after how many seconds the request may succeed, or 0.
	RetryAfter int
}

// Field describes one wrong part of the input.
type Field struct {
	// Name is the JSON path or the parameter's name.
	Name string
	// Code is stable and in snake_case, for example "too_long".
	Code string
	// Args fill the placeholders of the code's text.
	Args []any
}

// New returns the problem with the given code. It panics if there is no such code, which any test of
// the calling code reveals.
func New(code string, args ...any) *Error {
	if _, ok := catalogue[code]; !ok {
		panic("problem: unknown code " + code)
	}
	return &Error{Code: code, Args: args}
}

// Invalid returns the problem for input with wrong fields.
func Invalid(fields ...Field) *Error { return &Error{Code: "validation", Fields: fields} }

// NotFound returns the problem for something that does not exist, or whose existence the caller may
// not know of.
func NotFound() *Error { return New("not_found") }

// Error returns the code and what was wrong, in English, for logs and the command line.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Code + ": " + e.Detail(English)
	}
	fields := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		fields[i] = f.Name + " " + f.Message(English)
	}
	return e.Code + ": " + strings.Join(fields, "; ")
}

// Status returns the HTTP status that belongs to the code.
func (e *Error) Status() int { return catalogue[e.Code].status }

// Title returns the short text of the code.
func (e *Error) Title(l Language) string { return catalogue[e.Code].title.in(l) }

// Detail returns the text that says what was wrong in this case.
func (e *Error) Detail(l Language) string {
	return fmt.Sprintf(catalogue[e.Code].detail.in(l), e.Args...)
}

// Message returns the text that says what is wrong with the field; the field's name is to be put
// before it.
func (f Field) Message(l Language) string {
	text, ok := fieldTexts[f.Code]
	if !ok {
		return f.Code
	}
	return fmt.Sprintf(text.in(l), f.Args...)
}

// Codes returns all codes in alphabetical order.
func Codes() []string { return slices.Sorted(maps.Keys(catalogue)) }

type texts struct{ en, ja string }

func (t texts) in(l Language) string {
	if l == Japanese {
		return t.ja
	}
	return t.en
}

type entry struct {
	status int
	title  texts
	detail texts
}

var catalogue = map[string]entry{
	"bad_request": {http.StatusBadRequest, texts{"Bad request", "不正なリクエスト"},
		texts{"The request could not be understood.", "リクエストを解釈できませんでした。"}},
	"invalid_query": {http.StatusBadRequest, texts{"Query not understood", "クエリーが正しくありません"},
		texts{"The query string holds something that this operation does not understand.", "クエリー文字列に、この操作が理解できないものが含まれています。"}},
	"invalid_cursor": {http.StatusBadRequest, texts{"Cursor not valid", "カーソルが無効です"},
		texts{"The cursor does not belong to this list; start again without one.", "このカーソルはこの一覧のものではありません。カーソルなしで最初からやり直してください。"}},
	"unauthenticated": {http.StatusUnauthorized, texts{"Not signed in", "認証が必要です"},
		texts{"The token is missing, invalid or expired.", "トークンがないか、無効か、期限切れです。"}},
	"invalid_credentials": {http.StatusUnauthorized, texts{"Sign-in refused", "ログインできませんでした"},
		texts{"There is no account with that name and password.", "ユーザー名（メールアドレス）またはパスワードが正しくありません。"}},
	"session_ended": {http.StatusUnauthorized, texts{"Session ended", "セッションが終了しました"},
		texts{"The refresh token is not good, or not any more; sign in again.", "リフレッシュトークンが無効です。もう一度ログインしてください。"}},
	"sign_in_again": {http.StatusForbidden, texts{"Sign in again", "もう一度ログインしてください"},
		texts{"This needs a sign-in within the last %d minutes.", "この操作には %d 分以内のログインが必要です。"}},
	"registration_closed": {http.StatusForbidden, texts{"No new accounts", "新規登録を停止しています"},
		texts{"This site takes no new accounts at the moment.", "このサイトでは現在、新規登録を受け付けていません。"}},
	"own_account": {http.StatusForbidden, texts{"Own account", "自分のアカウントです"},
		texts{"This cannot be done with one's own account.", "自分のアカウントに対してこの操作はできません。"}},
	"target_blocked": {http.StatusForbidden, texts{"User is blocked", "ブロック中のユーザーです"},
		texts{"This user is blocked; unblock the account first.", "このユーザーはブロックされています。先にブロックを解除してください。"}},
	"avatars_off": {http.StatusForbidden, texts{"No pictures of users", "プロフィール画像は使えません"},
		texts{"On this site users cannot upload pictures of themselves.", "このサイトではプロフィール画像をアップロードできません。"}},
	"handle_fixed": {http.StatusForbidden, texts{"Handle cannot change", "ユーザー名は変更できません"},
		texts{"On this site users who have written something keep their handles.", "このサイトでは、投稿したことのあるユーザーは名前を変更できません。"}},
	"login_required": {http.StatusForbidden, texts{"Sign-in required", "ログインが必要です"},
		texts{"Only signed-in users may do this.", "この操作にはログインが必要です。"}},
	"permission_level": {http.StatusForbidden, texts{"Not allowed", "権限がありません"},
		texts{"Your user level does not allow this.", "あなたのユーザーレベルではこの操作はできません。"}},
	"permission_points": {http.StatusForbidden, texts{"Not enough points", "ポイントが足りません"},
		texts{"This needs more points than you have.", "この操作にはポイントが足りません。"}},
	"email_unconfirmed": {http.StatusForbidden, texts{"E-mail not confirmed", "メールアドレスが未確認です"},
		texts{"Confirm your e-mail address first.", "先にメールアドレスを確認してください。"}},
	"not_approved": {http.StatusForbidden, texts{"Not approved", "未承認のユーザーです"},
		texts{"Your account has to be approved first.", "アカウントが承認されるまでこの操作はできません。"}},
	"user_blocked": {http.StatusForbidden, texts{"User blocked", "ユーザーはブロックされています"},
		texts{"Your account is blocked.", "あなたのアカウントはブロックされています。"}},
	"ip_blocked": {http.StatusForbidden, texts{"Address blocked", "アドレスはブロックされています"},
		texts{"Your network address is blocked.", "お使いのネットワークアドレスはブロックされています。"}},
	"own_flag_only": {http.StatusConflict, texts{"No flag but one's own", "自分の報告しかありません"},
		texts{"Nobody but you flagged this; take your own flag back instead.", "この投稿を報告しているのはあなただけです。自分の報告を取り消してください。"}},
	"hidden": {http.StatusForbidden, texts{"Post hidden", "非表示の投稿です"},
		texts{"This post has been hidden.", "この投稿は非表示になっています。"}},
	"queued": {http.StatusForbidden, texts{"Waiting for approval", "承認待ちです"},
		texts{"This post is waiting for approval.", "この投稿は承認を待っています。"}},
	"own_post": {http.StatusForbidden, texts{"Own post", "自分の投稿です"},
		texts{"This cannot be done with a post of one's own.", "自分の投稿に対してこの操作はできません。"}},
	"closed": {http.StatusForbidden, texts{"Question closed", "質問は閉じられています"},
		texts{"This question is closed.", "この質問は閉じられています。"}},
	"already_answered": {http.StatusForbidden, texts{"Already answered", "すでに回答しています"},
		texts{"On this site one answers a question once.", "このサイトでは1つの質問に回答できるのは1回だけです。"}},
	"has_replies": {http.StatusForbidden, texts{"Has posts below", "下に投稿があります"},
		texts{"A post with other posts below it cannot be deleted.", "下に他の投稿がある投稿は削除できません。"}},
	"not_hidden": {http.StatusForbidden, texts{"Not hidden", "非表示ではありません"},
		texts{"Only hidden posts can be deleted; hide it first.", "削除できるのは非表示の投稿だけです。先に非表示にしてください。"}},
	"hidden_by_other": {http.StatusForbidden, texts{"Hidden by someone else", "他の人が非表示にしました"},
		texts{"Somebody else hid this post, or flags did; only they who may show any post can show it again.", "この投稿は他の人または通報によって非表示になりました。再表示できるのは権限のある人だけです。"}},
	"closed_by_other": {http.StatusForbidden, texts{"Closed by someone else", "他の人が閉じました"},
		texts{"Somebody else closed this question.", "この質問は他の人が閉じました。"}},
	"not_queued": {http.StatusConflict, texts{"Not waiting for approval", "承認待ちではありません"},
		texts{"This post is not waiting for approval.", "この投稿は承認待ちではありません。"}},
	"not_claimable": {http.StatusForbidden, texts{"Not yours to claim", "引き取れない投稿です"},
		texts{"Only anonymous posts written from this browser can be claimed.", "このブラウザーから匿名で書いた投稿だけを自分のものにできます。"}},
	"job_running": {http.StatusConflict, texts{"Running already", "すでに実行中です"},
		texts{"A run of this job is not finished that was asked for otherwise: dry or not, or with other parameters. Cancel it, or wait for its end.", "このジョブは別の条件（試行か本実行か、またはパラメーター）ですでに実行中か待機中です。中止するか、終わるまでお待ちください。"}},
	"idempotency_conflict": {http.StatusConflict, texts{"Key used for something else", "キーは別の内容で使用済みです"},
		texts{"This Idempotency-Key came with another request before.", "この Idempotency-Key は以前に別の内容のリクエストで使われました。"}},
	"invalid_idempotency_key": {http.StatusBadRequest, texts{"Idempotency-Key not valid", "Idempotency-Key が無効です"},
		texts{"An Idempotency-Key has 1 to 255 visible ASCII characters.", "Idempotency-Key は 1〜255 文字の印字可能な ASCII 文字で指定してください。"}},
	"feature_off": {http.StatusNotFound, texts{"Switched off", "利用できない機能です"},
		texts{"This site has switched that feature off.", "このサイトではこの機能は無効になっています。"}},
	"not_found": {http.StatusNotFound, texts{"Not found", "見つかりません"},
		texts{"There is nothing here.", "お探しのものは見つかりませんでした。"}},
	"method_not_allowed": {http.StatusMethodNotAllowed, texts{"Method not allowed", "許可されていないメソッドです"},
		texts{"This address does not support that method.", "このアドレスではそのメソッドは使えません。"}},
	"not_acceptable": {http.StatusNotAcceptable, texts{"Not acceptable", "受け入れ可能な形式がありません"},
		texts{"This cannot be given in any form that was asked for.", "要求された形式では返せません。"}},
	"request_timeout": {http.StatusRequestTimeout, texts{"Request took too long to arrive", "リクエストの受信がタイムアウトしました"},
		texts{"The request body did not arrive in time; send it again.", "リクエスト本文が時間内に届きませんでした。もう一度送信してください。"}},
	"precondition_failed": {http.StatusPreconditionFailed, texts{"Changed meanwhile", "他の人が先に変更しました"},
		texts{"Somebody else changed it first.", "他の人が先に変更しました。"}},
	"body_too_large": {http.StatusRequestEntityTooLarge, texts{"Body too large", "本文が大きすぎます"},
		texts{"The request body is larger than allowed.", "リクエスト本文が上限を超えています。"}},
	"range_not_satisfiable": {http.StatusRequestedRangeNotSatisfiable, texts{"Range not there", "指定された範囲がありません"},
		texts{"The file does not have the range that was asked for; Content-Range tells its size.", "指定された範囲はファイルにありません。Content-Range がファイルの大きさを示します。"}},
	"uri_too_long": {http.StatusRequestURITooLong, texts{"Address too long", "アドレスが長すぎます"},
		texts{"The address is longer than allowed.", "リクエストのアドレスが長すぎます。"}},
	"unsupported_media_type": {http.StatusUnsupportedMediaType, texts{"Media type not supported", "対応していない形式です"},
		texts{"The body's media type is not supported here.", "この本文の形式には対応していません。"}},
	"unsupported_image": {http.StatusUnprocessableEntity, texts{"Not a usable image", "扱えない画像です"},
		texts{"This file cannot be shown at another size.", "このファイルは別の大きさで表示できません。"}},
	"upload_missing": {http.StatusConflict, texts{"File not there", "ファイルが届いていません"},
		texts{"The file has not arrived at the address that was given for it; send it first.", "指定されたアドレスにファイルが届いていません。先にファイルを送信してください。"}},
	"no_direct_uploads": {http.StatusNotFound, texts{"No direct uploads", "直接アップロードはできません"},
		texts{"The files of this site are not where clients can send them; post them to /v1/media.", "このサイトでは保存先へ直接アップロードできません。/v1/media に送信してください。"}},
	"validation": {http.StatusUnprocessableEntity, texts{"Invalid input", "入力が正しくありません"},
		texts{"Some of the input is not valid; see errors.", "入力に誤りがあります。errors を見てください。"}},
	"rate_limit": {http.StatusTooManyRequests, texts{"Too many requests", "リクエストが多すぎます"},
		texts{"Too many requests; try again in %d s.", "リクエストが多すぎます。%d 秒後にもう一度お試しください。"}},
	"too_many_streams": {http.StatusTooManyRequests, texts{"Too many streams", "ストリームが多すぎます"},
		texts{"A client may have %d event streams open at once; close one first.", "同時に開けるイベントストリームは %d 本までです。先にどれかを閉じてください。"}},
	"internal": {http.StatusInternalServerError, texts{"Internal error", "内部エラー"},
		texts{"Something went wrong here; the request id helps us to find out what.", "サーバーで問題が起きました。リクエストIDをお知らせください。"}},
	"no_room": {http.StatusServiceUnavailable, texts{"No room to write", "保存容量が足りません"},
		texts{"There is no room for what was to be written; reading goes on. Try again later.", "保存する容量が足りないため書き込めませんでした。閲覧はできます。しばらくしてからもう一度お試しください。"}},
	"unavailable": {http.StatusServiceUnavailable, texts{"Temporarily unavailable", "一時的に利用できません"},
		texts{"The service cannot answer at the moment; try again.", "現在応答できません。しばらくしてからもう一度お試しください。"}},
}

var fieldTexts = map[string]texts{
	"unknown":              {"is not known here", "は認識できない項目です"},
	"duplicate":            {"was given more than once", "が複数回指定されています"},
	"bad_encoding":         {"is not valid UTF-8 text", "は正しい UTF-8 の文字列ではありません"},
	"empty":                {"is empty; leave it out instead", "が空です。指定しない場合は省いてください"},
	"required":             {"is required", "は必須です"},
	"not_integer":          {"must be a whole number", "は整数で指定してください"},
	"not_number":           {"must be a number", "は数値で指定してください"},
	"not_boolean":          {"must be true or false", "は true か false で指定してください"},
	"not_text":             {"must be text", "は文字列で指定してください"},
	"not_array":            {"must be a list", "は配列で指定してください"},
	"not_object":           {"must be an object", "はオブジェクトで指定してください"},
	"too_small":            {"must be at least %v", "は %v 以上で指定してください"},
	"too_large":            {"must be at most %v", "は %v 以下で指定してください"},
	"too_short":            {"must have at least %v characters", "は %v 文字以上で指定してください"},
	"too_long":             {"must have at most %v characters", "は %v 文字以下で指定してください"},
	"too_complex":          {"has too many marks in one place; put blank lines between paragraphs, and nest less", "の記号が1か所に多すぎます。段落の間に空行を入れ、入れ子を減らしてください"},
	"not_in_list":          {"must be one of %v", "は %v のいずれかで指定してください"},
	"bad_value":            {"cannot be used: %v", "の値は使えません（%v）"},
	"wrong_form":           {"does not have the expected form", "の形式が正しくありません"},
	"too_few":              {"must have at least %v entries", "は %v 個以上必要です"},
	"too_many":             {"must have at most %v entries", "は %v 個以下にしてください"},
	"no_category":          {"names no category of this site", "に該当するカテゴリーはありません"},
	"no_user":              {"names no user of this site", "に該当するユーザーはいません"},
	"repeated":             {"repeats a recent post", "は最近の投稿と同じ内容です"},
	"not_allowed_category": {"may not be used by you for questions", "はあなたが質問できないカテゴリーです"},
	"no_question":          {"names no question of this site", "に該当する質問はありません"},
	"no_answer":            {"names no answer that a question can follow from", "に該当する、関連質問を作れる回答はありません"},
	"no_answer_here":       {"names no visible answer to this question", "はこの質問の表示中の回答ではありません"},
	"no_parent":            {"names neither the question nor another answer that takes comments", "はコメントを付けられる質問または別の回答ではありません"},
	"itself":               {"is the question itself", "はその質問自身です"},
	"bad_email":            {"is not an e-mail address", "は正しいメールアドレスではありません"},
	"bad_characters":       {"may not contain %v", "には %v を使えません"},
	"not_allowed_handle":   {"is not allowed as a name on this site", "はこのサイトでは使えない名前です"},
	"taken":                {"belongs to another account", "はすでに使われています"},
	"wrong_code":           {"is not the code that was mailed", "はお送りしたコードと一致しません"},
	"wrong_captcha":        {"is not of a solved challenge, or was used before; solve another one", "のチャレンジが正しく解かれていないか、すでに使われています。もう一度お試しください"},
	"wrong_password":       {"is not the account's password", "が正しくありません"},
	"no_upload":            {"cannot be chosen before a picture was uploaded", "は画像をアップロードするまで選べません"},
	"no_picture":           {"is no JPEG, PNG, GIF or WebP picture", "は JPEG・PNG・GIF・WebP の画像ではありません"},
	"heic_picture":         {"is a HEIC picture; send it as a JPEG (phones do so where a form accepts image/jpeg only)", "は HEIC 形式の画像です。JPEG で送信してください（フォームが image/jpeg だけを受け付けると、スマートフォンが自動で変換します）"},
	"broken_picture":       {"is a broken picture", "は壊れた画像です"},
	"picture_too_large":    {"is larger than %v (pixels, or pixels a side)", "の大きさが上限 %v（画素数または一辺の画素数）を超えています"},
	"not_without":          {"means nothing without %v", "は %v と一緒に指定してください"},
	"not_combinable":       {"cannot be combined with %v", "は %v と同時に指定できません"},
}
