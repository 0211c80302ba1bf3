// Command admin is the operators' tool as a program of its own; see package admin.
package main

import (
	"os"

	"38qa.net/backend/cmd/internal/admin"
)

func main() { os.Exit(admin.Main(os.Args[1:])) }
