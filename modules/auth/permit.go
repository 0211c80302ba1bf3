package auth

import (
	"net/netip"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// Values of the permit_* options, as Q2A stores them: who may do something.
const (
	PermitAll             = 150
	PermitUsers           = 120
	PermitConfirmed       = 110
	PermitPoints          = 106
	PermitPointsConfirmed = 104
	PermitApproved        = 103
	PermitApprovedPoints  = 102
	PermitExperts         = 100
	PermitEditors         = 70
	PermitModerators      = 40
	PermitAdmins          = 20
	PermitSupers          = 0
)

// Reason is why something is not permitted; the zero Reason permits.
type Reason string

// The reasons, in Q2A's words.
const (
	Permitted       Reason = ""
	NeedsLogin      Reason = "login"
	NeedsLevel      Reason = "level"
	NeedsConfirming Reason = "confirm"
	NeedsApproval   Reason = "approve"
	UserBlocked     Reason = "userblock"
	IPBlocked       Reason = "ipblock"
)

// Problem is the refusal that goes with the reason, nil for Permitted.
func (r Reason) Problem() *problem.Error {
	switch r {
	case Permitted:
		return nil
	case NeedsLogin:
		return problem.New("login_required")
	case NeedsConfirming:
		return problem.New("email_unconfirmed")
	case NeedsApproval:
		return problem.New("not_approved")
	case UserBlocked:
		return problem.New("user_blocked")
	case IPBlocked:
		return problem.New("ip_blocked")
	}
	return problem.New("permission_level")
}

// Refusal is the problem of a caller who lacks what the option asks for, or nil. It tells apart what Permit does not: a lack
// of points.
func Refusal(o *site.Options, c Caller, option string, level int) *problem.Error {
	reason := Permit(o, c, option, level)
	if reason == NeedsLevel && !c.Anonymous() && c.Points < o.Int(option+"_points") {
		switch o.Int(option) {
		case PermitPoints, PermitPointsConfirmed, PermitApprovedPoints:
			return problem.New("permission_points")
		}
	}
	return reason.Problem()
}

// Permit tells whether the caller, at the given level, may do what the option governs (a permit_* option; "" stands for
// what everybody may who is not blocked). It is the one place where options, levels, points, blocks and confirmation
// meet; the rules are those of Q2A 1.8.
func Permit(o *site.Options, c Caller, option string, level int) Reason {
	reason := PermitUnblocked(o, c, option, level, c.Flags)
	if reason == Permitted && IPIsBlocked(o, c.IP) {
		return IPBlocked
	}
	return reason
}

// PermitReading is Permit for reads, which blocked users and addresses keep.
func PermitReading(o *site.Options, c Caller, option string, level int) Reason {
	return PermitUnblocked(o, c, option, level, c.Flags&^FlagBlocked)
}

// PermitUnblocked is Permit without regard to the address, with the given flags in place of the caller's.
func PermitUnblocked(o *site.Options, c Caller, option string, level, flags int) Reason {
	permit := PermitAll
	if option != "" {
		permit = o.Int(option)
	}
	if !c.Anonymous() && (permit == PermitPoints || permit == PermitPointsConfirmed || permit == PermitApprovedPoints) {
		switch {
		case c.Points < o.Int(option+"_points"):
			permit = PermitExperts // the points are not told, so that nobody collects them just for this
		case permit == PermitApprovedPoints:
			permit = PermitApproved
		case permit == PermitPointsConfirmed:
			permit = PermitConfirmed
		default:
			permit = PermitUsers
		}
	}
	if reason := PermitValue(o, permit, !c.Anonymous(), level, flags); reason != Permitted {
		return reason
	}
	if !c.Anonymous() && flags&FlagMustConfirm != 0 && o.Bool("confirm_user_emails") {
		return NeedsConfirming
	}
	return Permitted
}

// PermitValue tells whether a user of the level and flags meets a permit value, as profile fields and pages have too.
func PermitValue(o *site.Options, permit int, signedIn bool, level, flags int) Reason {
	switch {
	case !signedIn && permit < PermitAll:
		return NeedsLogin
	case permit <= PermitSupers && level < LevelSuper,
		permit <= PermitAdmins && level < LevelAdmin,
		permit <= PermitModerators && level < LevelModerator,
		permit <= PermitEditors && level < LevelEditor,
		permit <= PermitExperts && level < LevelExpert:
		return NeedsLevel
	case signedIn && flags&FlagBlocked != 0:
		return UserBlocked
	case permit >= PermitUsers:
		return Permitted
	case permit >= PermitConfirmed:
		if o.Bool("confirm_user_emails") && level < LevelApproved && flags&FlagEmailConfirmed == 0 {
			return NeedsConfirming
		}
	case permit >= PermitApproved:
		if o.Bool("moderate_users") && level < LevelApproved {
			return NeedsApproval
		}
	}
	return Permitted
}

// IPIsBlocked tells whether the address is among those that the option block_ips_write bars from writing: single
// addresses, ranges with "-", and "*" for a part.
func IPIsBlocked(o *site.Options, ip netip.Addr) bool {
	clauses := o.String("block_ips_write")
	if clauses == "" || !ip.IsValid() {
		return false
	}
	for clause := range strings.FieldsFuncSeq(clauses, func(r rune) bool { return strings.ContainsRune(" \n\r\t,", r) }) {
		if blockMatches(ip.Unmap(), clause) {
			return true
		}
	}
	return false
}

func blockMatches(ip netip.Addr, clause string) bool {
	if from, to, ok := strings.Cut(clause, "-"); ok {
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		if err1 != nil || err2 != nil || first.Is4() != ip.Is4() || last.Is4() != ip.Is4() {
			return false
		}
		// As Q2A does: each byte lies within its own bounds, which is not the same as an order of addresses.
		a, lo, hi := ip.AsSlice(), first.AsSlice(), last.AsSlice()
		for i := range a {
			if a[i] < lo[i] || a[i] > hi[i] {
				return false
			}
		}
		return true
	}
	if exact, err := netip.ParseAddr(clause); err == nil {
		return exact.Unmap() == ip
	}
	separator := "."
	if ip.Is6() {
		separator = ":"
	}
	parts, pattern := strings.Split(ip.StringExpanded(), separator), strings.Split(clause, separator)
	if len(parts) != len(pattern) {
		return false
	}
	for i, p := range pattern {
		if p == "*" {
			continue
		}
		if ip.Is6() {
			p = strings.Repeat("0", max(0, 4-len(p))) + strings.ToLower(p)
		}
		if p != parts[i] {
			return false
		}
	}
	return true
}
