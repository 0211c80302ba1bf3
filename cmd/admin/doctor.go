package main

import (
	"context"
	"errors"
	"io"
)

// doctor is `admin doctor`.
func doctor(context.Context, []string, io.Writer) error { return errors.New("not yet") }
