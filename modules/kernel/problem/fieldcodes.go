package problem

// The codes of wrong fields that belong to no single module. Each module defines further ones.
var (
	FieldBadCharacters = DefineField("bad_characters",
		"may not contain %v",
		"には %v を使えません")
	FieldBadEmail = DefineField("bad_email",
		"is not an e-mail address",
		"は正しいメールアドレスではありません")
	FieldBadEncoding = DefineField("bad_encoding",
		"is not valid UTF-8 text",
		"は正しい UTF-8 の文字列ではありません")
	FieldBadValue = DefineField("bad_value",
		"cannot be used: %v",
		"の値は使えません（%v）")
	FieldDuplicate = DefineField("duplicate",
		"was given more than once",
		"が複数回指定されています")
	FieldEmpty = DefineField("empty",
		"is empty; leave it out instead",
		"が空です。指定しない場合は省いてください")
	FieldNoCategory = DefineField("no_category",
		"names no category of this site",
		"に該当するカテゴリーはありません")
	FieldNotArray = DefineField("not_array",
		"must be a list",
		"は配列で指定してください")
	FieldNotBoolean = DefineField("not_boolean",
		"must be true or false",
		"は true か false で指定してください")
	FieldNotCombinable = DefineField("not_combinable",
		"cannot be combined with %v",
		"は %v と同時に指定できません")
	FieldNotInList = DefineField("not_in_list",
		"must be one of %v",
		"は %v のいずれかで指定してください")
	FieldNotInteger = DefineField("not_integer",
		"must be a whole number",
		"は整数で指定してください")
	FieldNotNumber = DefineField("not_number",
		"must be a number",
		"は数値で指定してください")
	FieldNotObject = DefineField("not_object",
		"must be an object",
		"はオブジェクトで指定してください")
	FieldNotText = DefineField("not_text",
		"must be text",
		"は文字列で指定してください")
	FieldRequired = DefineField("required",
		"is required",
		"は必須です")
	FieldTooLarge = DefineField("too_large",
		"must be at most %v",
		"は %v 以下で指定してください")
	FieldTooLong = DefineField("too_long",
		"must have at most %v characters",
		"は %v 文字以下で指定してください")
	FieldTooShort = DefineField("too_short",
		"must have at least %v characters",
		"は %v 文字以上で指定してください")
	FieldTooSmall = DefineField("too_small",
		"must be at least %v",
		"は %v 以上で指定してください")
	FieldUnknown = DefineField("unknown",
		"is not known here",
		"は認識できない項目です")
	FieldWrongForm = DefineField("wrong_form",
		"does not have the expected form",
		"の形式が正しくありません")
	FieldTooFew = DefineField("too_few",
		"must have at least %v entries",
		"は %v 個以上必要です")
	FieldTooMany = DefineField("too_many",
		"must have at most %v entries",
		"は %v 個以下にしてください")
)
