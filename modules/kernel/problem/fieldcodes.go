package problem

// The codes of wrong fields that belong to no single module. Each module defines further ones.
var (
	FieldBadCharacters = DefineField("bad_characters",
		"may not contain %v",
		"%v を使えません", ParamCharacters)
	FieldBadEmail = DefineField("bad_email",
		"is not an e-mail address",
		"正しいメールアドレスではありません")
	FieldBadEncoding = DefineField("bad_encoding",
		"is not valid UTF-8 text",
		"正しい UTF-8 の文字列ではありません")
	FieldBadValue = DefineField("bad_value",
		"cannot be used: %v",
		"この値は使えません（%v）", ParamReason)
	FieldDuplicate = DefineField("duplicate",
		"was given more than once",
		"複数回指定されています")
	FieldEmpty = DefineField("empty",
		"is empty; leave it out instead",
		"空です。指定しない場合は省いてください")
	FieldNoCategory = DefineField("no_category",
		"names no category of this site",
		"該当するカテゴリーはありません")
	FieldNotArray = DefineField("not_array",
		"must be a list",
		"配列で指定してください")
	FieldNotBoolean = DefineField("not_boolean",
		"must be true or false",
		"true か false で指定してください")
	FieldNotCombinable = DefineField("not_combinable",
		"cannot be combined with %v",
		"%v と同時に指定できません", ParamWith)
	FieldNotInList = DefineField("not_in_list",
		"must be one of %v",
		"%v のいずれかで指定してください", ParamAllowed)
	FieldNotInteger = DefineField("not_integer",
		"must be a whole number",
		"整数で指定してください")
	FieldNotNumber = DefineField("not_number",
		"must be a number",
		"数値で指定してください")
	FieldNotObject = DefineField("not_object",
		"must be an object",
		"オブジェクトで指定してください")
	FieldNotText = DefineField("not_text",
		"must be text",
		"文字列で指定してください")
	FieldRequired = DefineField("required",
		"is required",
		"必須です")
	FieldTooLarge = DefineField("too_large",
		"must be at most %v",
		"%v 以下で指定してください", ParamMax)
	FieldTooLong = DefineField("too_long",
		"must have at most %v characters",
		"%v 文字以下で指定してください", ParamMax)
	FieldTooShort = DefineField("too_short",
		"must have at least %v characters",
		"%v 文字以上で指定してください", ParamMin)
	FieldTooSmall = DefineField("too_small",
		"must be at least %v",
		"%v 以上で指定してください", ParamMin)
	FieldUnknown = DefineField("unknown",
		"is not known here",
		"認識できない項目です")
	FieldWrongForm = DefineField("wrong_form",
		"does not have the expected form",
		"形式が正しくありません")
	FieldTooFew = DefineField("too_few",
		"must have at least %v entries",
		"%v 個以上必要です", ParamMin)
	FieldTooMany = DefineField("too_many",
		"must have at most %v entries",
		"%v 個以下にしてください", ParamMax)
)
