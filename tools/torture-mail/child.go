package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"38qa.net/backend/modules"
	"38qa.net/backend/tools/internal/killable"
)

// serve is the main function of a server: it runs the whole application.
func serve(ctx context.Context) error {
	cfg, err := killable.Config()
	if err != nil {
		return err
	}
	app, err := modules.New(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(app.Run(ctx, func(net.Addr) {}), app.Close())
}

// child is a server, which is killed and started again.
type child struct {
	killable.Server
	index, life int
	database    string
	mailbox     string
	killed      map[string]bool // by the names of lives, of all servers
}

// name is the present life's name, with which it signs in to the mailbox.
func (c *child) name() string { return fmt.Sprintf("server%d-%d", c.index, c.life) }

// begin begins a life, and waits until the server is ready.
func (c *child) begin(ctx context.Context) error {
	c.life++
	c.Env = []string{"DATABASE_URL=" + c.database, "MAIL_URL=smtp://" + c.name() + ":x@" + c.mailbox + "?tls=off"}
	return c.Start(ctx)
}

// kill ends the server without any warning.
func (c *child) kill() error {
	c.killed[c.name()] = true
	return c.Kill()
}
