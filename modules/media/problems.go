package media

import (
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
)

// The codes of problems with files.
var (
	codeNoDirectUploads = problem.Define("no_direct_uploads", http.StatusNotFound,
		problem.Text("No direct uploads", "直接アップロードはできません"),
		problem.Text("The files of this site are not where clients can send them; post them to /v1/media.",
			"このサイトでは保存先へ直接アップロードできません。/v1/media に送信してください。"))
	codeUnsupportedImage = problem.Define("unsupported_image", http.StatusUnprocessableEntity,
		problem.Text("Not a usable image", "扱えない画像です"),
		problem.Text("This file cannot be shown at another size.", "このファイルは別の大きさで表示できません。"))
	codeUploadMissing = problem.Define("upload_missing", http.StatusConflict,
		problem.Text("File not there", "ファイルが届いていません"),
		problem.Text("The file has not arrived at the address that was given for it; send it first.",
			"指定されたアドレスにファイルが届いていません。先にファイルを送信してください。"))
)

// The codes of fields that are wrong in ways that only this module knows.
var (
	fieldBrokenPicture = problem.DefineField("broken_picture",
		"is a broken picture",
		"壊れた画像です")
	fieldHEICPicture = problem.DefineField("heic_picture",
		"is a HEIC picture; send it as a JPEG (phones do so where a form accepts image/jpeg only)",
		"HEIC 形式の画像です。JPEG で送信してください（フォームが image/jpeg だけを受け付けると、スマートフォンが自動で変換します）")
	fieldNoPicture = problem.DefineField("no_picture",
		"is no JPEG, PNG, GIF or WebP picture",
		"JPEG・PNG・GIF・WebP の画像ではありません")
	fieldNotWithout = problem.DefineField("not_without",
		"means nothing without %v",
		"%v と一緒に指定してください", problem.ParamWith)
	fieldPictureTooLarge = problem.DefineField("picture_too_large",
		"is larger than %v (pixels, or pixels a side)",
		"大きさが上限 %v（画素数または一辺の画素数）を超えています", problem.ParamMax)
)
