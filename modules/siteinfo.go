package modules

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// siteInfo is the body of the response of GET /v1/site: what a client has to know of the site before it can
// draw its pages and forms. Each module says its part.
type siteInfo struct {
	Name     string            `json:"name" doc:"The site's title"`
	URL      string            `json:"url,omitempty" doc:"Address of the old site, below which the paths of questions are"`
	Language string            `json:"language" doc:"Of the site's texts, as Question2Answer has it, e.g. ja; en where none is set"`
	TimeZone string            `json:"timeZone" doc:"In which the community's days begin, e.g. Asia/Tokyo"`
	Features features          `json:"features"`
	Limits   limits            `json:"limits"`
	Accounts auth.Requirements `json:"accounts"`
	PushKey  string            `json:"pushKey,omitempty" doc:"With which browsers subscribe (applicationServerKey) for POST /v1/me/push-subscriptions; absent where nothing is pushed"`
	PageSize pageSizes         `json:"pageSizes"`
	Texts    *siteTexts        `json:"texts" doc:"What administrators have written for the site's pages and forms, in the site's one language"`

	ProfileFields []site.FormField `json:"profileFields" doc:"The fields of profiles, in their order"`
	Maintenance   bool             `json:"maintenance" doc:"The site is closed to all but administrators; others get 503 from all else"`
}

// features says which of Q2A's features the site has switched on.
type features struct {
	Categories       string `json:"categories" enum:"none,optional,required" doc:"Whether questions have a category"`
	Tags             bool   `json:"tags"`
	VoteOnQuestions  bool   `json:"voteOnQuestions"`
	VoteOnAnswers    bool   `json:"voteOnAnswers"`
	VoteOnComments   bool   `json:"voteOnComments"`
	CommentQuestions bool   `json:"commentOnQuestions"`
	CommentAnswers   bool   `json:"commentOnAnswers"`
	Flags            bool   `json:"flags"`
	FollowUps        bool   `json:"followUps" doc:"Whether a question can follow from an answer"`
	AnonymousNames   bool   `json:"anonymousNames" doc:"Whether anonymous authors may give a name"`
	ExtraField       bool   `json:"extraField" doc:"Whether questions have an additional field"`
	PrivateMessages  bool   `json:"privateMessages"`
	Walls            bool   `json:"walls"`
	UploadPictures   bool   `json:"uploadPictures"`
}

// limits are those of posts and of files.
type limits struct {
	qa.Limits
	UploadBytes int64 `json:"uploadBytes" doc:"Of the largest picture that may be uploaded"`
}

// pageSizes are how many entries lists have when the client does not say.
type pageSizes struct {
	Questions int `json:"questions"`
	Search    int `json:"search"`
	Users     int `json:"users"`
	Tags      int `json:"tags"`
}

// registerSiteInfo adds the operation GET /v1/site.
func (a *App) registerSiteInfo(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-site", Method: http.MethodGet, Path: "/v1/site", Tags: []string{"Site"},
		Summary: "What the site is, has and demands",
		Description: "For a client's pages and forms: lengths, what is required, which features are on. It " +
			"changes rarely. What the caller may do is in GET /v1/auth/session.",
	}, func(ctx context.Context, _ *struct{}) (*siteInfoOutput, error) {
		o, err := a.Site.Options(ctx)
		if err != nil {
			return nil, err
		}
		accounts, err := a.Auth.Requirements(ctx)
		if err != nil {
			return nil, err
		}
		out := &siteInfoOutput{Body: siteInfo{
			Name: o.String(option.SiteTitle), URL: a.Site.SiteURL(o), Language: "en",
			TimeZone: a.Site.Zone().String(), Features: featuresOf(o),
			Limits:   limits{qa.LimitsOf(o), a.cfg.UploadLimit},
			Accounts: accounts,
			PageSize: pageSizes{o.Int(option.PageSizeQs), o.Int(option.PageSizeSearch),
				o.Int(option.PageSizeUsers), o.Int(option.PageSizeTags)},
			Texts: textsOf(o, a.QA.SafeHTML), Maintenance: o.Bool(option.SiteMaintenance),
		}}
		if out.Body.ProfileFields, err = a.Site.ProfileFields(ctx); err != nil {
			return nil, err
		}
		if out.Body.PushKey, err = a.Mail.PushKey(ctx); err != nil {
			return nil, err
		}
		if language := o.String(option.SiteLanguage); language != "" {
			out.Body.Language = language
		}
		return out, nil
	})
}

type siteInfoOutput struct{ Body siteInfo }

func featuresOf(o *site.Options) features {
	f := features{
		Categories: "none", Tags: o.UsingTags(),
		VoteOnQuestions: o.Bool(option.VotingOnQs), VoteOnAnswers: o.Bool(option.VotingOnAs),
		VoteOnComments: o.Bool(option.VotingOnCs), CommentQuestions: o.Bool(option.CommentOnQs),
		CommentAnswers: o.Bool(option.CommentOnAs), Flags: o.Bool(option.FlaggingOfPosts),
		FollowUps: o.Bool(option.FollowOnAs), AnonymousNames: o.Bool(option.AllowAnonymousNaming),
		ExtraField: o.Bool(option.ExtraFieldActive), PrivateMessages: o.Bool(option.AllowPrivateMessages),
		Walls: o.Bool(option.AllowUserWalls), UploadPictures: media.UploadsOn(o),
	}
	switch {
	case o.UsingCategories() && o.Bool(option.AllowNoCategory):
		f.Categories = "optional"
	case o.UsingCategories():
		f.Categories = "required"
	}
	return f
}
