"""What Schemathesis is told of this API: operations that are left out, and refusals that no schema can tell of.

Each entry has its reason. Whatever is not listed here and differs from the document fails .ci/fuzz-api.
"""

import json
import os

import schemathesis

ROLE = os.environ.get("FUZZ_ROLE", "visitor")

# Operations that are not called, by their id: the roles, and why.
LEFT_OUT = {
    "stream-events": ("visitor member administrator", "its response does not end; TestEventStream holds it"),
    "delete-me": ("member administrator", "the rest of the run would be a visitor's"),
    "sign-out": ("member administrator", "ends the sessions of the run's own account"),
    "change-password": ("member administrator", "ends the sessions of the run's own account"),
}

# Accounts of the run: nothing may be done to them that would end it, such as blocking or deleting.
OWN = ("fuzzmember", "fuzzadmin")
OWN_IDS = {int(i) for i in os.environ.get("FUZZ_OWN_IDS", "").split()}
HARMFUL = {"delete-user", "block-user", "set-level", "remove-level", "disapprove-user", "update-user"}
HARMFUL_BY_ID = {"merge-users", "anonymise-user"}

# Refusals of input that the document's schemas allow, by the operation's id ("*": all), the field and its code:
# what they depend on is no matter of a schema.
REFUSED_FIELDS = [
    ("*", "*", "bad_encoding", "a NUL is text to a JSON schema"),
    ("save-draft", "id", "too_large", "0 for a question: OpenAPI cannot say that parameters depend on each other"),
    ("save-draft", "id", "too_small", "not 0 but for a draft of a question: OpenAPI cannot say that parameters depend on each other"),
    ("get-draft", "id", "too_large", "as for save-draft"),
    ("get-draft", "id", "too_small", "as for save-draft"),
    ("delete-draft", "id", "too_large", "as for save-draft"),
    ("delete-draft", "id", "too_small", "as for save-draft"),
    ("list-users", "*", "not_combinable", "ids, handles, prefix and location with each other or with filters or pages"),
    ("list-users", "limit", "too_large", "20 with prefix"),
    ("create-notice", "to", "required", "without toAll: the schema has no choice between the two"),
    ("create-notice", "toAll", "not_combinable", "with to: the schema has no choice between the two"),
    ("create-notice", "content", "required", "a text of spaces is none"),
    ("list-users", "handles", "empty", "a parameter without a value is none"),
    ("set-mailing", "fromEmail", "bad_email", "what Go's parser of addresses takes for one, and not the format that JSON Schema calls email"),
    ("control-mailing", "*", "required", "running needs a subject and a text, which set-mailing stores"),
    ("test-mailing", "*", "required", "it needs a subject and a text, which set-mailing stores"),
    ("send-feedback", "message", "empty", "a text of spaces is none"),
    ("create-push-subscription", "endpoint", "bad_subscription", "a public https address"),
    ("create-push-subscription", "keys", "bad_subscription", "a point on P-256, and 16 bytes"),
    ("create-notice", "content", "too_long", "12,000 characters after Q2A's clean-up"),
    ("*", "page", "not_combinable", "with cursor: OpenAPI cannot say that parameters exclude each other"),
    ("*", "category", "no_category", "names one of the site's categories"),
    ("*", "categoryId", "no_category", "names one of the site's categories"),
    ("get-ranking", "tag", "not_combinable", "with category: OpenAPI cannot say that parameters exclude each other"),
    ("list-questions", "*", "not_combinable", "ids with filters or pages: OpenAPI cannot say that parameters exclude each other"),
    ("list-tags", "*", "not_combinable", "since with prefix or sort: OpenAPI cannot say that parameters exclude each other"),
    ("list-tags", "since", "wrong_form", "a time of RFC 3339"),
    ("set-tag-page", "*", "wrong_form", "an address of the web or of a file of the site"),
    ("set-tag-page", "*", "no_own_picture", "names one of the site's pictures"),
    ("set-tag-page", "*", "too_long", "of HTML once it is cleaned"),
    ("create-user-note", "content", "required", "a text of spaces is none"),
    ("create-post-note", "content", "required", "a text of spaces is none"),
    ("create-category", "*", "required", "a text of spaces is none, and 0 is none to Q2A"),
    ("create-category", "*", "too_long", "Q2A's columns, without white space around the text"),
    ("create-category", "*", "bad_characters", "+ and / in a slug"),
    ("create-category", "*", "taken_by_category", "another category of the same parent has it"),
    ("create-category", "parentId", "no_category", "names one of the site's categories"),
    ("create-category", "parentId", "too_deep", "four levels at most"),
    ("update-category", "*", "required", "a text of spaces is none, and 0 is none to Q2A"),
    ("update-category", "*", "too_long", "Q2A's columns, without white space around the text"),
    ("update-category", "*", "bad_characters", "+ and / in a slug"),
    ("update-category", "*", "taken_by_category", "another category of the same parent has it"),
    ("update-category", "parentId", "no_category", "names one of the site's categories"),
    ("update-category", "parentId", "too_deep", "four levels at most"),
    ("update-category", "parentId", "within_itself", "a category cannot be below itself"),
    ("delete-category", "moveTo", "no_category", "names one of the site's categories"),
    ("delete-category", "moveTo", "within_itself", "not the category that goes"),
    ("merge-category", "into", "no_category", "names one of the site's categories"),
    ("merge-category", "into", "within_itself", "not the category that goes, nor one below it"),
    ("merge-category", "into", "too_deep", "four levels at most"),
    ("merge-category", "into", "taken_by_category", "a subcategory of the other one has the title or slug"),
    ("empty-category", "moveTo", "no_category", "names one of the site's categories"),
    ("empty-category", "moveTo", "within_itself", "not the category itself"),
    ("set-category-page", "*", "wrong_form", "an address of the web or of a file of the site"),
    ("set-category-page", "*", "no_own_picture", "names one of the site's pictures"),
    ("set-category-page", "*", "too_long", "of HTML once it is cleaned"),
    ("get-media", "shape", "not_without", "with size only: OpenAPI cannot say that"),
    ("*", "title", "too_short", "the option min_len_q_title"),
    ("*", "title", "too_long", "the option max_len_q_title"),
    ("*", "content", "too_short", "the options min_len_q_content, min_len_a_content and min_len_c_content"),
    ("create-answer", "content", "repeated", "depends on what was posted before: the same text again"),
    ("create-comment", "content", "repeated", "depends on what was posted before: the same text again"),
    ("create-question", "content", "repeated", "depends on what was posted before: the same text again"),
    ("*", "tags", "too_few", "the option min_num_q_tags"),
    ("*", "tags", "too_many", "the option max_num_q_tags"),
    ("*", "categoryId", "required", "the option allow_no_category"),
    ("*", "extra", "unknown", "the option extra_field_active"),
    ("sign-up", "fields", "unknown", "the profile fields that the site has"),
    ("update-me", "fields", "unknown", "the profile fields that the site has"),
    ("update-user", "fields", "unknown", "the profile fields that the site has"),
    ("run-job", "parameters", "unknown", "the parameters that the job has"),
    ("*", "handle", "required", "a name of spaces is none"),
    ("*", "handle", "too_long", "20 characters after Q2A's clean-up of form values"),
    ("*", "handle", "bad_characters", "the characters that Q2A keeps out of names"),
    ("*", "handle", "taken", "depends on who is there"),
    ("*", "email", "required", "an address of spaces is none"),
    ("*", "email", "taken", "depends on who is there"),
    ("*", "newPassword", "bad_characters", "a NUL is text to a JSON schema"),
    ("*", "password", "bad_characters", "a NUL is text to a JSON schema"),
    ("set-titles", "titles", "duplicate", "no two of the same points: JSON Schema compares whole entries only"),
    ("merge-users", "into", "no_account", "names one of the site's accounts"),
    ("merge-users", "into", "same_account", "another than the one that is merged"),
    ("close-question", "duplicateOf", "no_question", "names one of the site's questions"),
    ("*", "extra", "too_long", "8000 characters after Q2A's clean-up of form values"),
    ("set-titles", "titles", "bad_characters", "what the option's own form of a list cannot hold"),
    ("set-titles", "titles", "required", "a title of spaces is none"),
    ("close-question", "note", "required", "without duplicateOf: the schema has no choice between the two"),
    ("close-question", "duplicateOf", "itself", "a question is no duplicate of itself"),
    ("set-level", "categoryLevels", "duplicate", "no category twice: JSON Schema compares whole entries only"),
    ("select-answer", "answerId", "no_answer_here", "names one of the question's answers"),
    ("set-level", "categoryLevels", "no_category", "names one of the site's categories"),
    ("*", "name", "too_long", "40 characters after Q2A's clean-up of form values"),
    ("*", "email", "bad_email", "Q2A's own pattern, and not the format that JSON Schema calls email"),
    ("update-me", "avatar", "no_upload", "depends on whether the caller has uploaded one"),
    ("choose-avatar", "avatar", "no_upload", "depends on whether the caller has uploaded one"),
    ("close-question", "note", "not_combinable", "with duplicateOf: the schema has no choice between the two"),
    ("upload-media", "body", "wrong_form", "names of parts that no header of a form can hold"),
    ("upload-avatar", "body", "wrong_form", "names of parts that no header of a form can hold"),
    ("upload-media", "file", "no_picture", "a picture by its content"),
    ("upload-avatar", "file", "no_picture", "a picture by its content"),
    ("confirm-email", "code", "wrong_code", "the code that was mailed"),
    ("reset-password", "code", "wrong_code", "the code that was mailed"),
    ("create-question", "followsAnswerId", "no_answer", "names one of the site's answers"),
    ("convert-answer-to-comment", "parentId", "no_parent", "names one of the question's posts"),
    ("confirm-email", "handle", "required", "of those who are not signed in"),
    ("*", "newPassword", "too_short", "counted after Q2A's clean-up of form values"),
    ("send-message", "content", "required", "a text of spaces is none"),
    ("write-on-wall", "content", "required", "a text of spaces is none"),
    ("write-in-group", "content", "required", "a text of spaces is none"),
    ("send-message", "content", "too_long", "8000 characters of what becomes of it"),
    ("write-on-wall", "content", "too_long", "8000 characters of what becomes of it"),
    ("write-in-group", "content", "too_long", "8000 characters of what becomes of it"),
    ("send-message", "content", "too_complex", "how long Markdown takes to convert"),
    ("write-in-group", "content", "too_complex", "how long Markdown takes to convert"),
    ("send-message", "format", "not_in_list", "HTML only where the site has the plugin"),
    ("*", "handles", "no_user", "names users of the site"),
    ("*", "handles", "not_reachable", "depends on who follows whom"),
    ("*", "handles", "too_few", "the others without the caller, each once"),
    ("*", "handles", "too_many", "ten members of a group with those who are in it"),
    ("create-token", "name", "required", "a text of nothing that is shown is none"),
    ("create-webhook", "url", "no_receiver", "an https address of a public host"),
    ("update-webhook", "url", "no_receiver", "an https address of a public host"),
    ("sign-up", "password", "too_short", "counted after Q2A's clean-up of form values"),
    ("create-page", "title", "required", "a text of spaces is none"),
    ("create-page", "url", "required", "of a link: the schema does not tell links from pages"),
    ("create-page", "slug", "required", "of a page that is sent one"),
    ("update-page", "*", "required", "a text of spaces is none"),
    ("create-page", "*", "too_long", "what Q2A's columns hold after its clean-up"),
    ("update-page", "*", "too_long", "what Q2A's columns hold after its clean-up"),
    ("create-page", "*", "not_combinable", "with type: the schema does not tell links from pages"),
    ("update-page", "*", "not_combinable", "of the other type: the schema does not tell links from pages"),
    ("create-page", "*", "bad_characters", "what a slug cannot have, or the column of contents cannot hold"),
    ("update-page", "*", "bad_characters", "what a slug cannot have, or the column of contents cannot hold"),
    ("*", "slug", "slug_reserved", "addresses that Q2A has itself"),
    ("*", "slug", "slug_of_page", "slugs that other pages have"),
    ("*", "slug", "slug_of_category", "slugs that categories have"),
    ("*", "url", "wrong_form", "of links: an address of the web or of the site"),
    ("*", "permit", "not_in_list", "approved only where the site approves users, and none that depends on points"),
    ("create-field", "label", "required", "a text of spaces is none"),
    ("update-field", "label", "required", "a text of spaces is none"),
    ("*", "label", "too_long", "40 characters after Q2A's clean-up"),
    ("*", "standardLabel", "not_combinable", "with label: OpenAPI cannot say that fields exclude each other"),
    ("*", "standardLabel", "no_default", "only Q2A's own fields have one"),
    ("list-logged-events", "ip", "wrong_form", "an IP address"),
    ("update-options", "options", "unknown", "the options that the site has"),
    ("update-options", "options", "changed_elsewhere", "some options have operations of their own"),
    ("update-options", "options", "no_effect", "some options are the old site's alone"),
    ("update-options", "options", "not_boolean", "each option has a type of its own"),
    ("update-options", "options", "not_integer", "each option has a type of its own"),
    ("update-options", "options", "not_text", "each option has a type of its own"),
    ("update-options", "options", "not_array", "each option has a type of its own"),
    ("update-options", "options", "not_in_list", "each option has values of its own"),
    ("update-options", "options", "too_small", "each option has limits of its own"),
    ("update-options", "options", "too_large", "each option has limits of its own"),
    ("update-options", "options", "too_long", "each option has limits of its own"),
    ("update-options", "options", "required", "each option has limits of its own"),
    ("update-options", "options", "bad_characters", "what the option's column cannot hold"),
    ("update-options", "options", "wrong_form", "addresses of sites, mailboxes and networks"),
    ("update-options", "options", "bad_value", "the event log needs a table"),
    ("update-options", "reset", "unknown", "the options that the site has"),
    ("update-options", "reset", "changed_elsewhere", "some options have operations of their own"),
    ("update-options", "reset", "no_effect", "some options are the old site's alone"),
    ("update-options", "reset", "no_default", "some options have no default here"),
    ("update-options", "reset", "not_combinable", "with a value for the same option"),
    ("get-address", "ip", "wrong_form", "what has the characters of an IP address and is none"),
    ("block-address", "ip", "wrong_form", "what has the characters of an IP address and is none"),
    ("unblock-address", "ip", "wrong_form", "what has the characters of an IP address and is none"),
    ("hide-address-posts", "ip", "wrong_form", "what has the characters of an IP address and is none"),
    ("find-users", "ip", "wrong_form", "what has the characters of an IP address and is none"),
    ("block-address", "ip", "too_long", "the option holds 12,000 characters"),
]

# Refusals of a whole request that its schema allows, by the operation's id and the problem's code.
REFUSED = [
    ("save-draft", "too_many_drafts", "a user has a hundred already"),
    ("create-page", "too_many_pages", "the site has 2,000 already"),
    ("create-field", "too_many_fields", "the site has 200 already"),
    ("create-webhook", "too_many_webhooks", "the site has a hundred already"),
    ("test-webhook", "webhook_disabled", "depends on the webhook"),
    ("replay-delivery", "webhook_disabled", "depends on the webhook"),
    ("set-mailing", "mailing_under_way", "depends on what was begun before"),
    ("control-mailing", "no_mailing", "depends on what was begun before"),
    ("control-mailing", "mails_off", "depends on the setting MAIL_URL"),
    ("test-mailing", "mails_off", "depends on the setting MAIL_URL"),
    ("take-notification", "bad_request", "what Amazon SNS signs"),
    ("take-notification", "notification_refused", "what Amazon SNS signs"),
    ("*", "invalid_cursor", "cursors are opaque: only those that a list gave are good"),
    ("merge-users", "account_busy", "depends on what was begun before"),
    ("anonymise-user", "account_busy", "depends on what was begun before"),
    ("start-export", "export_today", "depends on what was asked for before"),
    ("block-address", "own_address", "depends on where the request comes from"),
    ("begin-upload", "body_too_large", "the setting UPLOAD_LIMIT, of a file that is only announced"),
]

# Other failures that are none, by the operation's id and the failure's class.
ACCEPTED = {
    ("sign-out", "AcceptedNegativeData"): "a cookie whose value holds what RFC 6265 does not allow is no cookie, however long",
    ("refresh-tokens", "AcceptedNegativeData"): "as for sign-out",
    ("get-media", "UseAfterFree"): "delete-media promises to its uploader that a file goes within the hour",
}


def _operation(case):
    return case.operation.definition.raw.get("operationId", "")


@schemathesis.hook
def filter_case(context, case):
    operation, path, body = _operation(case), case.path_parameters or {}, case.body
    if operation in HARMFUL:
        return str(path.get("handle", "")).strip().casefold() not in OWN
    if operation in HARMFUL_BY_ID:
        return path.get("id") not in OWN_IDS
    if operation == "moderate-users" and isinstance(body, dict) and isinstance(body.get("ids"), list):
        return not any(i in OWN_IDS for i in body["ids"] if isinstance(i, int))
    if operation == "update-options" and isinstance(body, dict) and isinstance(body.get("options"), dict):
        return "site_maintenance" not in body["options"]  # the other roles would get nothing but 503
    return True


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not _declared(_operation(case), response)
    return (_operation(case), kind) not in ACCEPTED


def _declared(operation, response):
    try:
        problem = json.loads(response.content)
    except ValueError:
        return False

    def listed(table, *key):
        return any(entry[0] in ("*", operation) and all(e in ("*", k) for e, k in zip(entry[1:-1], key)) for entry in table)

    if problem.get("errors"):
        return all(listed(REFUSED_FIELDS, e["field"].split("[")[0].split(".")[0], e["code"]) for e in problem["errors"])
    return listed(REFUSED, problem.get("code"))


if __name__ == "__main__":  # the options of the command line that leave the role's operations out
    for name, (roles, _) in LEFT_OUT.items():
        if ROLE in roles.split():
            print("--exclude-operation-id", name)
