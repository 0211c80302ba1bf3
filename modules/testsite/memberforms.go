package testsite

// favoriteTypes are the API's names of what can be a favourite, by Q2A's letters.
var favoriteTypes = map[string]string{"Q": "question", "U": "user", "T": "tag", "C": "category"}

// memberCalls returns the API requests that stand for what members do with each other and with what they
// follow, and nil for other recorded actions.
func (tr *Transition) memberCalls() []Call {
	if tr.Field("qa_operation") == "favorite" {
		path := "/v1/me/favorites/" + favoriteTypes[tr.Field("entitytype")] + "/" + tr.Field("entityid")
		if number(tr.Field("favorite")) != 0 {
			return []Call{{"PUT", path, nil}}
		}
		return []Call{{"DELETE", path, nil}}
	}
	return nil
}
