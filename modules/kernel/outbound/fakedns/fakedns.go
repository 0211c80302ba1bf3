// Package fakedns answers name look-ups in tests, as the test wants it.
package fakedns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Resolver returns a resolver that asks the function what addresses a name has at the moment. It is
// asked once for each kind of addresses (IPv4 and IPv6), with the name as it was entered. A name
// without addresses does not exist.
func Resolver(addresses func(name string) []netip.Addr) *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go serve(server, addresses)
			return client, nil
		},
	}
}

// serve answers questions in DNS's framing for streams, until the other side hangs up.
func serve(conn net.Conn, addresses func(name string) []netip.Addr) {
	defer conn.Close()
	for {
		var size uint16
		if binary.Read(conn, binary.BigEndian, &size) != nil {
			return
		}
		question := make([]byte, size)
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		reply, err := answer(question, addresses)
		if err != nil {
			return
		}
		reply = append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

func answer(question []byte, addresses func(name string) []netip.Addr) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	m.Additionals = nil
	for _, q := range m.Questions {
		name := q.Name.String()
		list := addresses(name[:len(name)-1])
		if len(list) == 0 {
			m.RCode = dnsmessage.RCodeNameError
		}
		for _, ip := range list {
			header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}
			switch {
			case q.Type == dnsmessage.TypeA && ip.Is4():
				m.Answers = append(m.Answers,
					dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}})
			case q.Type == dnsmessage.TypeAAAA && ip.Is6():
				m.Answers = append(m.Answers,
					dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
			}
		}
	}
	return m.Pack()
}
