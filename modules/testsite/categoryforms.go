package testsite

// categoryCalls returns the API requests for a recorded action on the old site's page of categories, or nil.
func (tr *Transition) categoryCalls() []Call {
	const path = "/v1/admin/categories"
	id := tr.Field("edit")
	switch {
	case tr.Field("dosavecategory") == "":
		return nil
	case tr.Field("dodelete") != "":
		to := tr.Field("reassign_0")
		if to == "" {
			to = "none"
		}
		return []Call{{"DELETE", path + "/" + id + "?moveTo=" + to, nil}}
	case id == "":
		return []Call{{"POST", path, map[string]any{
			"title": tr.Field("name"), "description": tr.Field("content"), "parentId": number(tr.Field("parent")),
			"position": number(tr.Field("position")),
		}}}
	}
	return nil
}
