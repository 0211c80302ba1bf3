package modules

import (
	"38qa.net/backend/config"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/mail"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa"
)

// authSettings returns the part of the configuration that the auth module needs.
func authSettings(cfg config.Config) auth.Settings {
	issuer := cfg.PublicURL
	if issuer == "" {
		// Not every server knows its own address, but all servers of a site must name the same issuer.
		issuer = "q2a-backend"
	}
	levels := map[string]int{}
	for group, level := range cfg.GroupLevels {
		levels[group], _ = auth.LevelByName(level)
	}
	return auth.Settings{
		Issuer: issuer, AccessTTL: cfg.AccessTTL, RefreshTTL: cfg.RefreshTTL,
		KeyRotation: cfg.KeyRotation, KeySecret: cfg.KeySecret, SignInAttempts: cfg.SignInAttempts,
		Cognito: auth.Cognito{Issuer: cfg.CognitoIssuer, KeysURL: cfg.CognitoKeysURL,
			Endpoint: cfg.CognitoEndpoint, ClientIDs: cfg.CognitoClients,
			GroupLevels: levels, AliasPool: cfg.CognitoAliases, TriggersOverHTTP: cfg.CognitoTriggers},
		ObeyMutes: cfg.ObeyMutes,
		Captcha: auth.Captcha{Provider: cfg.CaptchaProvider, SiteKey: cfg.CaptchaSiteKey,
			Secret: cfg.CaptchaSecret, VerifyURL: cfg.CaptchaURL},
		Blocked: qa.BlockedIn,
	}
}

// mediaSettings returns the part of the configuration that the media module needs.
func mediaSettings(cfg config.Config, program string) media.Settings {
	return media.Settings{
		Folder: cfg.BlobsDir, UploadsTo: map[string]media.Place{config.UploadsToDatabase: media.Database,
			config.UploadsToFolder: media.Folder, config.UploadsToStore: media.Store}[cfg.UploadsTo],
		UploadLimit: cfg.UploadLimit, UploadTime: cfg.UploadTimeout, UnusedAfter: cfg.UnusedUploads,
		Program:  program,
		StoreURL: cfg.MediaURL, CDN: cfg.MediaCDN, Sizes: cfg.MediaSizes,
	}
}

// mailSwitches returns which kinds of mail the configuration switches, and how.
func mailSwitches(cfg config.Config) map[string]mail.Switch {
	switches := make(map[string]mail.Switch, len(cfg.MailKinds))
	for kind, position := range cfg.MailKinds {
		switches[kind] = mail.Switch(position)
	}
	return switches
}
