package auth

import (
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Reason is why something is not permitted. The zero Reason, Permitted, means that it is permitted.
type Reason string

// The reasons, by Q2A's names.
const (
	Permitted       Reason = ""
	NeedsLogin      Reason = "login"
	NeedsLevel      Reason = "level"
	NeedsConfirming Reason = "confirm"
	NeedsApproval   Reason = "approve"
	UserBlocked     Reason = "userblock"
	IPBlocked       Reason = "ipblock"
)

// Problem returns the problem that refuses a request for the reason, nil for Permitted.
func (r Reason) Problem() *problem.Error {
	switch r {
	case Permitted:
		return nil
	case NeedsLogin:
		return problem.New(CodeLoginRequired)
	case NeedsConfirming:
		return problem.New(codeEmailUnconfirmed)
	case NeedsApproval:
		return problem.New(codeNotApproved)
	case UserBlocked:
		return problem.New(codeUserBlocked)
	case IPBlocked:
		return problem.New(codeIPBlocked)
	}
	return problem.New(CodePermissionLevel)
}

// Refusal returns the problem for a caller, at the given level, who may not do what the permission
// governs, or nil if the caller may. Unlike Permit it distinguishes a lack of points
// (permission_points) from a level that is too low.
func Refusal(o *site.Options, c Caller, permission option.Key, level int) *problem.Error {
	reason := Permit(o, c, permission, level)
	if reason == NeedsLevel && !c.Anonymous() && c.Points < o.Int(permission.Points()) {
		switch o.Int(permission) {
		case option.ForPoints, option.ForPointsConfirmed, option.ForApprovedPoints:
			return problem.New(CodePermissionPoints)
		}
	}
	return reason.Problem()
}

// Permit returns why the caller, at the given level, may not do what a permit_* option governs, or
// Permitted. option.None stands for what everybody may do who is not blocked. Options, levels,
// points, blocks and confirmed addresses are weighed only here; the rules are those of Q2A 1.8.
func Permit(o *site.Options, c Caller, permission option.Key, level int) Reason {
	reason := permitUnblocked(o, c, permission, level, c.Flags)
	if reason == Permitted && ipIsBlocked(o, c.IP) {
		return IPBlocked
	}
	return reason
}

// PermitReading is like Permit, but for reading, which is allowed to blocked users and from blocked
// addresses.
func PermitReading(o *site.Options, c Caller, permission option.Key, level int) Reason {
	return permitUnblocked(o, c, permission, level, c.Flags&^FlagBlocked)
}

// permitUnblocked is like Permit, but ignores blocks of addresses and uses the given flags in place
// of the caller's.
func permitUnblocked(o *site.Options, c Caller, permission option.Key, level, flags int) Reason {
	permit := option.ForAll
	if permission != option.None {
		permit = o.Int(permission)
	}
	if !c.Anonymous() && (permit == option.ForPoints || permit == option.ForPointsConfirmed ||
		permit == option.ForApprovedPoints) {
		switch {
		case c.Points < o.Int(permission.Points()):
			// Experts may without the points. The number is not disclosed, so that nobody
			// collects points just for this.
			permit = option.ForExperts
		case permit == option.ForApprovedPoints:
			permit = option.ForApproved
		case permit == option.ForPointsConfirmed:
			permit = option.ForConfirmed
		default:
			permit = option.ForUsers
		}
	}
	if reason := PermitValue(o, permit, !c.Anonymous(), level, flags); reason != Permitted {
		return reason
	}
	if !c.Anonymous() && flags&flagMustConfirm != 0 && o.Bool(option.ConfirmUserEmails) {
		return NeedsConfirming
	}
	return Permitted
}

// PermitValue returns why a user with the level and flags, or a visitor, does not meet the value of a
// permit_* option, or Permitted. Profile fields and pages have such values too.
func PermitValue(o *site.Options, permit int, signedIn bool, level, flags int) Reason {
	switch {
	case !signedIn && permit < option.ForAll:
		return NeedsLogin
	case permit <= option.ForSupers && level < LevelSuper,
		permit <= option.ForAdmins && level < LevelAdmin,
		permit <= option.ForModerators && level < LevelModerator,
		permit <= option.ForEditors && level < LevelEditor,
		permit <= option.ForExperts && level < LevelExpert:
		return NeedsLevel
	case signedIn && flags&FlagBlocked != 0:
		return UserBlocked
	case permit >= option.ForUsers:
		return Permitted
	case permit >= option.ForConfirmed:
		if o.Bool(option.ConfirmUserEmails) && level < LevelApproved && flags&FlagEmailConfirmed == 0 {
			return NeedsConfirming
		}
	case permit >= option.ForApproved:
		if o.Bool(option.ModerateUsers) && level < LevelApproved {
			return NeedsApproval
		}
	}
	return Permitted
}
