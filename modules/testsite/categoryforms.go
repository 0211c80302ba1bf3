package testsite

import "strconv"

// categoryCalls returns the API requests for a recorded action on the old site's page of categories, or nil.
func (tr *Transition) categoryCalls() []Call {
	const path = "/v1/admin/categories"
	id := tr.Field("edit")
	switch {
	case tr.Field("dosetmissing") != "":
		return []Call{{"POST", path + "/" + strconv.Itoa(number(id)) + "/move-posts",
			map[string]any{"moveTo": number(tr.chosenCategory("reassign"))}}}
	case tr.Field("dosavecategory") == "":
		return nil
	case tr.Field("dodelete") != "":
		to := tr.chosenCategory("reassign")
		if to == "" {
			to = "none"
		}
		return []Call{{"DELETE", path + "/" + id + "?moveTo=" + to, nil}}
	}
	body := map[string]any{"title": tr.Field("name")}
	switch {
	case number(tr.Field("setparent")) != 0: // a page of its own, without the other fields
		body["parentId"] = number(tr.chosenCategory("parent"))
	case id == "":
		body["parentId"] = number(tr.Field("parent"))
		fallthrough
	default:
		body["description"], body["position"] = tr.Field("content"), number(tr.Field("position"))
	}
	if tr.hasField("slug") {
		body["slug"] = tr.Field("slug")
	}
	if id == "" {
		return []Call{{"POST", path, body}}
	}
	return []Call{{"PATCH", path + "/" + id, body}}
}

// chosenCategory returns the category that is chosen in a form's menus, of which there is one for each level below
// the one before, or a single one, with the number 0, without JavaScript. It is "" for none.
func (tr *Transition) chosenCategory(field string) string {
	for level := 4; level >= 0; level-- {
		if id := tr.Field(field + "_" + strconv.Itoa(level)); id != "" {
			return id
		}
	}
	return ""
}
