package mail

var mailingKinds = map[string]kind{}
