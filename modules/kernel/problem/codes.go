package problem

import "net/http"

// The codes of problems that belong to no single module. Each module defines the codes of its own problems.
var (
	CodeBadRequest = Define("bad_request", http.StatusBadRequest,
		Text("Bad request", "不正なリクエスト"),
		Text("The request could not be understood.", "リクエストを解釈できませんでした。"))
	CodeBodyTooLarge = Define("body_too_large", http.StatusRequestEntityTooLarge,
		Text("Body too large", "本文が大きすぎます"),
		Text("The request body is larger than allowed.", "リクエスト本文が上限を超えています。"))
	CodeFeatureOff = Define("feature_off", http.StatusNotFound,
		Text("Switched off", "利用できない機能です"),
		Text("This site has switched that feature off.", "このサイトではこの機能は無効になっています。"))
	CodeIdempotencyConflict = Define("idempotency_conflict", http.StatusConflict,
		Text("Key used for something else", "キーは別の内容で使用済みです"),
		Text("This Idempotency-Key came with another request before.",
			"この Idempotency-Key は以前に別の内容のリクエストで使われました。"))
	CodeInternal = Define("internal", http.StatusInternalServerError,
		Text("Internal error", "内部エラー"),
		Text("Something went wrong here; the request id helps us to find out what.",
			"サーバーで問題が起きました。リクエストIDをお知らせください。"))
	CodeInvalidCursor = Define("invalid_cursor", http.StatusBadRequest,
		Text("Cursor not valid", "カーソルが無効です"),
		Text("The cursor does not belong to this list; start again without one.",
			"このカーソルはこの一覧のものではありません。カーソルなしで最初からやり直してください。"))
	CodeInvalidIdempotencyKey = Define("invalid_idempotency_key", http.StatusBadRequest,
		Text("Idempotency-Key not valid", "Idempotency-Key が無効です"),
		Text("An Idempotency-Key has 1 to 255 visible ASCII characters.",
			"Idempotency-Key は 1〜255 文字の印字可能な ASCII 文字で指定してください。"))
	CodeInvalidQuery = Define("invalid_query", http.StatusBadRequest,
		Text("Query not understood", "クエリーが正しくありません"),
		Text("The query string holds something that this operation does not understand.",
			"クエリー文字列に、この操作が理解できないものが含まれています。"))
	CodeMethodNotAllowed = Define("method_not_allowed", http.StatusMethodNotAllowed,
		Text("Method not allowed", "許可されていないメソッドです"),
		Text("This address does not support that method.", "このアドレスではそのメソッドは使えません。"))
	CodeNoRoom = Define("no_room", http.StatusServiceUnavailable,
		Text("No room to write", "保存容量が足りません"),
		Text("There is no room for what was to be written; reading goes on. Try again later.",
			"保存する容量が足りないため書き込めませんでした。閲覧はできます。しばらくしてからもう一度お試しください。"))
	CodeNotAcceptable = Define("not_acceptable", http.StatusNotAcceptable,
		Text("Not acceptable", "受け入れ可能な形式がありません"),
		Text("This cannot be given in any form that was asked for.", "要求された形式では返せません。"))
	CodeNotFound = Define("not_found", http.StatusNotFound,
		Text("Not found", "見つかりません"),
		Text("There is nothing here.", "お探しのものは見つかりませんでした。"))
	CodePreconditionFailed = Define("precondition_failed", http.StatusPreconditionFailed,
		Text("Changed meanwhile", "他の人が先に変更しました"),
		Text("Somebody else changed it first.", "他の人が先に変更しました。"))
	CodeRangeNotSatisfiable = Define("range_not_satisfiable", http.StatusRequestedRangeNotSatisfiable,
		Text("Range not there", "指定された範囲がありません"),
		Text("The file does not have the range that was asked for; Content-Range tells its size.",
			"指定された範囲はファイルにありません。Content-Range がファイルの大きさを示します。"))
	CodeRateLimit = Define("rate_limit", http.StatusTooManyRequests,
		Text("Too many requests", "リクエストが多すぎます"),
		Text("Too many requests; try again in %d s.", "リクエストが多すぎます。%d 秒後にもう一度お試しください。"))
	CodeRequestTimeout = Define("request_timeout", http.StatusRequestTimeout,
		Text("Request took too long to arrive", "リクエストの受信がタイムアウトしました"),
		Text("The request body did not arrive in time; send it again.", "リクエスト本文が時間内に届きませんでした。もう一度送信してください。"))
	CodeResponseTooLarge = Define("response_too_large", http.StatusInternalServerError,
		Text("Response too large", "レスポンスが大きすぎます"),
		Text("The response is larger than this server can send.", "レスポンスがこのサーバーで送信できる大きさを超えています。"))
	CodeUnauthenticated = Define("unauthenticated", http.StatusUnauthorized,
		Text("Not signed in", "認証が必要です"),
		Text("The token is missing, invalid or expired.", "トークンがないか、無効か、期限切れです。"))
	CodeUnavailable = Define("unavailable", http.StatusServiceUnavailable,
		Text("Temporarily unavailable", "一時的に利用できません"),
		Text("The service cannot answer at the moment; try again.", "現在応答できません。しばらくしてからもう一度お試しください。"))
	CodeUnsupportedMediaType = Define("unsupported_media_type", http.StatusUnsupportedMediaType,
		Text("Media type not supported", "対応していない形式です"),
		Text("The body's media type is not supported here.", "この本文の形式には対応していません。"))
	CodeURITooLong = Define("uri_too_long", http.StatusRequestURITooLong,
		Text("Address too long", "アドレスが長すぎます"),
		Text("The address is longer than allowed.", "リクエストのアドレスが長すぎます。"))
	CodeValidation = Define("validation", http.StatusUnprocessableEntity,
		Text("Invalid input", "入力が正しくありません"),
		Text("Some of the input is not valid; see errors.", "入力に誤りがあります。errors を見てください。"))
)
