package auth

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// maxBlocks is how many characters the list of blocked addresses can have: those of Q2A's column.
const maxBlocks = 12000

var codeOwnAddress = problem.Define("own_address", http.StatusForbidden,
	problem.Text("One's own address", "自分の IP アドレスです"),
	problem.Text("This is the address that your own request comes from; you could not write any more.",
		"あなた自身が今使っている IP アドレスです。ブロックすると、あなたも書き込めなくなります。"))

// AddressInput is the input of the operations on an IP address.
type AddressInput struct {
	IP string `path:"ip" maxLength:"45" pattern:"^[0-9A-Fa-f.:]+$" doc:"IP address, of version 4 or 6"`
}

// Parse returns the address, or the problem with the parameter.
func (in *AddressInput) Parse() (netip.Addr, error) {
	ip, err := netip.ParseAddr(in.IP)
	if err != nil {
		return ip, problem.Invalid(problem.Field{Name: "ip", Code: problem.FieldWrongForm})
	}
	return ip.Unmap(), nil
}

// AddressBlock says whether an IP address is blocked.
type AddressBlock struct {
	Address   string   `json:"address" doc:"The IP address in its usual form"`
	Blocked   bool     `json:"blocked" doc:"Whether nobody can write from there"`
	BlockedBy []string `json:"blockedBy" doc:"The clauses of the site's option block_ips_write that match it: addresses, ranges, patterns"`
}

type addressBlockOutput struct{ Body AddressBlock }

// registerBlockAddress adds the operations that block addresses.
func (m *Module) registerBlockAddress(api huma.API) {
	op := func(id, method, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/addresses/{ip}/block",
			Tags: []string{"Moderation"}, Summary: summary, Description: description,
			Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, op("block-address", http.MethodPut, "Let nobody write from an IP address",
		"For moderators, also of single categories. It goes into the site's option block_ips_write, which the old "+
			"site obeys too. One's own address is refused."),
		func(ctx context.Context, in *AddressInput) (*addressBlockOutput, error) {
			return m.changeBlocks(ctx, in, "ip_block", blockedToo)
		})
	web.Register(api, op("unblock-address", http.MethodDelete, "Let people write from an IP address again",
		"For moderators, also of single categories. As on the old site, each clause of the option block_ips_write "+
			"that matches the address goes, also ranges and patterns that match others as well."),
		func(ctx context.Context, in *AddressInput) (*addressBlockOutput, error) {
			return m.changeBlocks(ctx, in, "ip_unblock", unblocked)
		})
}

// blockedToo returns the list of blocks with the address added to it, as Q2A adds one. An address that the list
// blocks already is not added.
func blockedToo(list string, ip netip.Addr) string {
	switch {
	case len(matching(list, ip)) > 0:
		return list
	case list == "":
		return ip.String()
	}
	return list + " , " + ip.String()
}

// unblocked returns the list of blocks without the clauses that match the address. A list without such clauses
// stays as it is.
func unblocked(list string, ip netip.Addr) string {
	kept := slices.DeleteFunc(slices.Clone(blockClauses(list)),
		func(clause string) bool { return blockMatches(ip.Unmap(), clause) })
	if len(kept) == len(blockClauses(list)) {
		return list
	}
	return strings.Join(kept, " , ")
}

// changeBlocks changes the option block_ips_write for an address, and reports the event.
func (m *Module) changeBlocks(
	ctx context.Context, in *AddressInput, event string, change func(list string, ip netip.Addr) string,
) (*addressBlockOutput, error) {
	ip, err := in.Parse()
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := MayBlockAddresses(o, CallerOf(ctx)); err != nil {
		return nil, err
	}
	if event == "ip_block" && ip == CallerOf(ctx).IP.Unmap() {
		return nil, problem.New(codeOwnAddress)
	}
	list := ""
	err = m.transact(ctx, func(a *action) error {
		now, err := site.Locked(ctx, a.Tx, option.BlockIPsWrite)
		if err != nil {
			return err
		}
		before := now.String(option.BlockIPsWrite)
		if list = change(before, ip); list == before {
			return nil
		}
		if utf8.RuneCountInString(list) > maxBlocks {
			return problem.Invalid(problem.Field{Name: "ip", Code: problem.FieldTooLong, Args: []any{maxBlocks}})
		}
		values := map[option.Key]string{option.BlockIPsWrite: list}
		if err := site.Set(ctx, a.Tx, values); err != nil {
			return err
		}
		a.Report(event, "ip", ip.String())
		return audit.Record(ctx, a.Tx,
			audit.Entry{Kind: audit.Address, Subject: ip.String(),
				Before: blockOf(before, ip), After: blockOf(list, ip)},
			audit.Entry{Kind: audit.Option, Subject: option.BlockIPsWrite.Name(), Before: before, After: list})
	})
	if err != nil {
		return nil, err
	}
	m.site.Forget()
	return &addressBlockOutput{blockOf(list, ip)}, nil
}

// blockOf returns what a list of blocks says of an address.
func blockOf(list string, ip netip.Addr) AddressBlock {
	clauses := matching(list, ip)
	return AddressBlock{Address: ip.String(), Blocked: len(clauses) > 0, BlockedBy: clauses}
}

// MayBlockAddresses returns nil for moderators, also of single categories, who may write now, and otherwise the
// problem. As on the old site, they block addresses for all of the site.
func MayBlockAddresses(o *site.Options, c Caller) error {
	highest := c.MaximumLevel()
	switch {
	case c.Anonymous():
		return problem.New(CodeLoginRequired)
	case highest < LevelModerator:
		return problem.New(CodePermissionLevel)
	}
	if refusal := Refusal(o, c, option.None, highest); refusal != nil {
		return refusal
	}
	return nil
}
